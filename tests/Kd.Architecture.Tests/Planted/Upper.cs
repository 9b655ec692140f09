namespace Planted.Upper;

/// <summary>Stands in the higher folder: what the types of Planted.Lower use, against the order.</summary>
public class Thing
{
    public static int Count;

    public int Size { get; set; }

    public static void Call() { }

    public static T Make<T>()
        where T : new() => new();
}

public interface IThing;

public class ThingException : Exception;

public delegate void ThingHandler();

public struct Value
{
    public int Number;
}

public enum Kind
{
    Small,
    Large,
}

public class Box<T>
{
    public class Inner;

    public static void Call() { }
}

[AttributeUsage(AttributeTargets.All)]
public sealed class MarkAttribute : Attribute;

public static class Extensions
{
    public static void Extend(this string text) => Console.WriteLine(text);
}

/// <summary>Uses the lower folder, as it may.</summary>
public class Permitted
{
    public Lower.Returned? Lower { get; set; }
}
