namespace Kd.Vision.Distillation;

/// <summary>The k largest logits of a view, from which all C of them are approximated.</summary>
public static class TopLogits
{
    /// <summary>Selects the k largest of C logits z, largest first, and computes the logit r that stands for each of the others.</summary>
    /// <remarks>
    /// r = ln(1 / (C - k) * sum of exp(z_c) over the classes c that are not kept). With z'_c = z_c for the kept classes and r for the others, softmax(z')
    /// has the teacher's probabilities of the kept classes and spreads the remaining mass evenly over the others: the marginal smoothing of Shen and Xing
    /// 2022, "A Fast Knowledge Distillation Framework for Visual Recognition". At a temperature T, the losses use softmax(z' / T) as they use softmax(z / T).
    /// </remarks>
    /// <param name="logits">C logits at temperature 1, finite.</param>
    /// <param name="classes">Receives the classes of the k largest logits, k below C.</param>
    /// <param name="kept">Receives their k logits.</param>
    /// <returns>r.</returns>
    public static Half Select(ReadOnlySpan<Half> logits, Span<int> classes, Span<Half> kept)
    {
        var (values, order, top) = (new float[logits.Length], new int[logits.Length], classes.Length);
        for (var c = 0; c < values.Length; c++)
            (values[c], order[c]) = (-(float)logits[c], c);
        Array.Sort(values, order);
        var (largest, sum) = (-values[top], 0.0);
        for (var i = top; i < values.Length; i++)
            sum += Math.Exp(-values[i] - largest);
        for (var i = 0; i < top; i++)
            (classes[i], kept[i]) = (order[i], logits[order[i]]);
        return (Half)(largest + Math.Log(sum / (values.Length - top)));
    }

    /// <summary>Restores the C logits z' of <see cref="Select"/>.</summary>
    /// <param name="classes">The k classes.</param>
    /// <param name="kept">Their logits.</param>
    /// <param name="rest">The logit of the other classes.</param>
    /// <param name="logits">Receives C logits.</param>
    /// <returns>False if a class is not below C.</returns>
    public static bool TryExpand(ReadOnlySpan<int> classes, ReadOnlySpan<Half> kept, Half rest, Span<Half> logits)
    {
        logits.Fill(rest);
        for (var i = 0; i < classes.Length; i++)
        {
            if ((uint)classes[i] >= (uint)logits.Length)
                return false;
            logits[classes[i]] = kept[i];
        }

        return true;
    }
}
