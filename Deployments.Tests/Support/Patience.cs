namespace Deployments.Tests.Support;

/// <summary>
/// Waiting for what comes by itself. The limit is no claim about speed: it only ends a test that would hang, and is
/// far above what the slowest machine needs.
/// </summary>
static class Patience
{
    /// <summary>How long to wait for anything before it counts as never coming.</summary>
    public static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    static readonly TimeSpan Step = TimeSpan.FromMilliseconds(20);

    /// <summary>Returns when it is so; a database error on the way counts as "not yet".</summary>
    /// <param name="isSo">What is waited for.</param>
    /// <param name="otherwise">What to say when it never comes.</param>
    public static async Task UntilAsync(Func<Task<bool>> isSo, Func<string>? otherwise = null)
    {
        var end = TimeProvider.System.GetUtcNow() + Limit;
        while (!await TryAsync(isSo))
        {
            Assert.True(TimeProvider.System.GetUtcNow() < end, otherwise?.Invoke() ?? "It never came.");
            await Task.Delay(Step);
        }
    }

    /// <inheritdoc cref="UntilAsync(Func{Task{bool}}, Func{string})"/>
    public static Task UntilAsync(Func<bool> isSo, Func<string>? otherwise = null) =>
        UntilAsync(() => Task.FromResult(isSo()), otherwise);

    static async Task<bool> TryAsync(Func<Task<bool>> isSo)
    {
        try
        {
            return await isSo();
        }
        catch (System.Data.Common.DbException)
        {
            return false; // the database is away, or a connection broke with it
        }
    }
}
