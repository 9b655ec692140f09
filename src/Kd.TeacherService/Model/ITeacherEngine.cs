namespace Kd.TeacherService.Model;

/// <summary>Runs forward passes of one batch size. Not thread-safe.</summary>
internal interface ITeacherEngine : IDisposable
{
    /// <summary>Where the passes run: cpu or cuda:N.</summary>
    string Device { get; }

    /// <summary>Names the form of the network, as far as that affects the last bits of a logit.</summary>
    string FormName { get; }

    /// <summary>Runs a pass.</summary>
    /// <param name="pixels">uint8 planes [B, 3, size, size] of a whole batch, of which the last views may be padding.</param>
    /// <param name="count">Number of views whose logits are wanted.</param>
    /// <param name="size">Width and height, px.</param>
    /// <returns>Row-major [count, outputs], at temperature 1.</returns>
    Half[] Run(byte[] pixels, int count, int size);
}
