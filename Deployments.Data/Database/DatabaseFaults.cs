using System.Data.Common;
using Npgsql;

namespace Deployments.Data.Database;

/// <summary>Tells faults that pass by themselves from those of what was sent.</summary>
public static class DatabaseFaults
{
    // Those of Npgsql's list that it lacks: another server takes over, or this one has become a standby.
    static readonly HashSet<string> TakeOver =
    [
        PostgresErrorCodes.AdminShutdown, PostgresErrorCodes.CrashShutdown, PostgresErrorCodes.CannotConnectNow,
        PostgresErrorCodes.IdleSessionTimeout, PostgresErrorCodes.ReadOnlySqlTransaction,
    ];

    /// <summary>
    /// Whether the same may go well a moment later: the server is away, overloaded, shuts down or is a standby now.
    /// </summary>
    public static bool IsPassing(DbException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.IsTransient || exception.SqlState is { } state && TakeOver.Contains(state);
    }

    /// <summary>Whether a server answered, and not with something that passes: the fault is in what was sent.</summary>
    public static bool IsAboutTheData(DbException exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return exception.SqlState is not null && !IsPassing(exception);
    }
}
