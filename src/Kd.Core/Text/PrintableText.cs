namespace Kd.Core.Text;

/// <summary>Makes texts safe for a terminal.</summary>
public static class PrintableText
{
    private const char Replacement = '\uFFFD';

    /// <summary>
    /// Replaces control characters except line breaks and tabs: names of files and classes come from somebody else, and a terminal obeys escape sequences.
    /// </summary>
    public static string Of(string text) => text.Any(IsUnsafe) ? string.Concat(text.Select(letter => IsUnsafe(letter) ? Replacement : letter)) : text;

    private static bool IsUnsafe(char letter) => char.IsControl(letter) && letter is not ('\n' or '\t');
}
