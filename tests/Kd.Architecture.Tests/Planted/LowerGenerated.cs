using Planted.Upper;

namespace Planted.Lower;

// Each type uses the higher folder in code that the compiler moves to a type of its own.
public class Lambda
{
    public Action Run() => () => Thing.Call();
}

public class LambdaOfStaticField
{
    public static readonly Func<Task> Field = async () =>
    {
        await Task.Yield();
        Thing.Call();
    };
}

public class Closure
{
    public Action Run(int number) =>
        () =>
        {
            Console.WriteLine(number);
            Thing.Call();
        };
}

public class Query
{
    public IEnumerable<object> Run(IEnumerable<object> values) => from value in values let thing = new Thing() where thing.Size > 0 select value;
}

public class LocalFunction
{
    public void Run()
    {
        Inner();

        static void Inner() => Thing.Call();
    }
}

public class AsyncMethod
{
    public async Task RunAsync()
    {
        await Task.Yield();
        Thing.Call();
    }
}

public class AsyncGenericMethod
{
    public async Task RunAsync<T>()
    {
        await Task.Yield();
        Thing.Call();
    }
}

public class AsyncLambda
{
    public Func<Task> Run(int number) =>
        async () =>
        {
            await Task.Delay(number);
            Thing.Call();
        };
}

public class LambdaInAsyncMethod
{
    public async Task<Action> RunAsync(int number)
    {
        await Task.Yield();
        return () =>
        {
            Console.WriteLine(number);
            Thing.Call();
        };
    }
}

public class AsyncLocalFunction
{
    public Task Run()
    {
        return InnerAsync();

        static async Task InnerAsync()
        {
            await Task.Yield();
            Thing.Call();
        }
    }
}

public class Iterator
{
    public IEnumerable<int> Run()
    {
        Thing.Call();
        yield return 1;
    }
}

public class IteratorOfGeneric<T>
{
    public IEnumerable<T> Run(T value)
    {
        Thing.Call();
        yield return value;
    }
}

public class AsyncIterator
{
    public async IAsyncEnumerable<int> RunAsync()
    {
        await Task.Yield();
        Thing.Call();
        yield return 1;
    }
}
