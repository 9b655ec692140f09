using System.ComponentModel;
using Planted.Upper;

namespace Planted.Lower;

// Each type uses the higher folder in one place of its declaration; FolderRuleTests takes all types of this namespace as its cases.
public class Derived : Thing;

public class Implementing : IThing;

public class DerivedFromGeneric : List<Thing>;

public interface IDerived : IThing;

public class Constrained<T>
    where T : Thing;

public class ConstrainedMethod
{
    public void Run<T>()
        where T : IThing { }
}

public class FieldOfGeneric
{
    public Dictionary<string, List<Thing[]>>? Field;
}

public class FunctionPointer
{
    public unsafe delegate* <Value, void> Field;
}

public class WithProperty
{
    public Thing? Property { get; set; }
}

public class WithEvent
{
    public event ThingHandler? Changed
    {
        add { }
        remove { }
    }
}

public class Returned
{
    public Thing? Run() => null;
}

public class ReturnedInTuple
{
    public (int Number, Value? Value) Run() => default;
}

public class Parameter
{
    public void Run(Thing thing) { }
}

public class ReferenceParameter
{
    public void Run(ref Value value) { }
}

public delegate void DelegateParameter(Thing thing);

public record Positional(Thing Thing);

public class Operator
{
    public static Operator operator +(Operator left, Thing right) => left;
}

public class ImplementingExplicitly : IComparable<Thing>
{
    int IComparable<Thing>.CompareTo(Thing? other) => 0;
}

[Mark]
public class Marked;

public class MarkedTypeParameter<[Mark] T>;

public class MarkedMethod
{
    [Mark]
    public void Run() { }
}

public class MarkedReturn
{
    [return: Mark]
    public int Run() => 0;
}

public class MarkedParameter
{
    public void Run([Mark] int number) { }
}

public class MarkedField
{
    [Mark]
    public int Field;
}

public class MarkedProperty
{
    [Mark]
    public int Property => 0;
}

public class MarkedEvent
{
    [Mark]
    public event Action? Changed
    {
        add { }
        remove { }
    }
}

public class TypeInAttribute
{
    [TypeConverter(typeof(Thing))]
    public int Property => 0;
}

[DefaultValue(Kind.Large)]
public class EnumInAttribute;
