using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Kd.Training.Tests.Runs;

/// <summary>Keeps log messages with their trace and the attributes of their scopes.</summary>
internal sealed class LogList : ILoggerProvider, ISupportExternalScope
{
    private readonly ConcurrentQueue<Message> _messages = new();
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    public IReadOnlyList<Message> Messages => [.. _messages];

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
        // Several services share it.
    }

    internal sealed record Message(string Text, ActivityTraceId TraceId, IReadOnlyDictionary<string, object?> Scopes);

    private sealed class Logger(LogList list) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => list._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var scopes = new Dictionary<string, object?>();
            // Adds, so that a key that stands in two scopes fails.
            list._scopes.ForEachScope((scope, all) => (scope as Dictionary<string, object>)?.ToList().ForEach(pair => all.Add(pair.Key, pair.Value)), scopes);
            list._messages.Enqueue(new Message(formatter(state, exception), Activity.Current?.TraceId ?? default, scopes));
        }
    }
}
