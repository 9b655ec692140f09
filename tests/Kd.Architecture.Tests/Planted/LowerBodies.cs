using Planted.Upper;

namespace Planted.Lower;

// Each type uses the higher folder in one kind of code.
public class StaticCall
{
    public void Run() => Thing.Call();
}

public class StaticField
{
    public int Run() => Thing.Count;
}

public class New
{
    public object Run() => new Thing();
}

public class NewArray
{
    public object Run() => new Value[1];
}

public class NewNested
{
    public object Run() => new Box<int>.Inner();
}

public class StaticCallOfGeneric
{
    public void Run() => Box<int>.Call();
}

public class GenericArgument
{
    public object Run() => Array.Empty<Thing>();
}

public class GenericTypeArgument
{
    public object Run() => new List<Thing>();
}

public class TypeOf
{
    public object Run() => typeof(Thing);
}

public class OpenTypeOf
{
    public object Run() => typeof(Box<>);
}

public class SizeOf
{
    public unsafe int Run() => sizeof(Value);
}

public class Cast
{
    public object Run(object value) => (Thing)value;
}

public class Pattern
{
    public bool Run(object value) => value is Thing { Size: 3 };
}

public class Default
{
    public object Run() => default(Value);
}

public class Enumeration
{
    public string Run() => Kind.Small.ToString();
}

public class Anonymous
{
    public object Run() => new { Thing = new Thing() };
}

public class Extended
{
    public void Run() => "".Extend();
}

public class MethodGroup
{
    public Action Run() => Thing.Call;
}

public class Initializer
{
    private readonly object _thing = new Thing();

    public object Run() => _thing;
}

public class StaticInitializer
{
    private static readonly object s_thing = new Thing();

    public static object Run() => s_thing;
}

public class Accessor
{
    public object Thing
    {
        get => new Thing();
        set => Console.WriteLine(value);
    }
}

public class Catch
{
    public void Run()
    {
        try
        {
            Console.WriteLine();
        }
        catch (ThingException) { }
    }
}

public class CatchWhen
{
    public void Run(bool caught)
    {
        try
        {
            Console.WriteLine();
        }
        catch (Exception) when (caught && Thing.Count > 0) { }
    }
}

public interface IDefaultBody
{
    void Run() => Thing.Call();
}

public class OuterOfNested
{
    private class Nested
    {
        public void Run() => Thing.Call();
    }
}
