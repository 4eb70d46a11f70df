using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Deployments.Tests.Support;

/// <summary>Keeps what a running program logs: <c>app.Service&lt;ILoggerFactory&gt;().AddProvider(log)</c>.</summary>
public sealed class ListLog : ILoggerProvider
{
    readonly ConcurrentQueue<string> lines = new();

    /// <summary>Messages with their exceptions, oldest first.</summary>
    public IReadOnlyList<string> Lines => [.. lines];

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, lines);

    public void Dispose()
    {
    }

    sealed class Logger(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception,
            Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{category}: {formatter(state, exception)} {exception}");
    }
}
