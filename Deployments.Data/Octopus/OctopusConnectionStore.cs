using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Database;
using Npgsql;

namespace Deployments.Data.Octopus;

/// <summary>Makes, reads and removes connections to Octopus servers; notes how they do.</summary>
/// <param name="database">The database.</param>
public sealed class OctopusConnectionStore(NpgsqlDataSource database)
{
    const string Select =
        """
        select connection_id, name, url, api_key_encrypted, secret_encrypted, own_host, spaces, environments, from_at,
            is_paused, polled_at, not_before, failing_since, problem, created_at
        from octopus_connections

        """;

    // Of 60 requests that any minute may have at most, twenty can be had at once.
    const double SecondsPerRequest = 1.5;
    const int RequestsAtOnce = 20;

    const int TurnLockSpace = AdvisoryLocks.OctopusTurn;

    /// <summary>Every connection, by name.</summary>
    public async Task<IReadOnlyList<OctopusConnection>> AllAsync(CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<OctopusConnection>(new CommandDefinition(
            Select + "order by lower(name)", cancellationToken: ct))];
    }

    /// <summary>The connection that is called so, in any case; null when none is.</summary>
    public async Task<OctopusConnection?> FindOrNullAsync(string name, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return await connection.QuerySingleOrDefaultAsync<OctopusConnection>(new CommandDefinition(
            Select + "where lower(name) = lower(@name)", new { name }, cancellationToken: ct));
    }

    /// <summary>Connections that have failed since before <paramref name="time"/>, by name.</summary>
    public async Task<IReadOnlyList<OctopusConnection>> FailingSinceAsync(DateTimeOffset time, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        return [.. await connection.QueryAsync<OctopusConnection>(new CommandDefinition(
            Select + "where failing_since < @time and not is_paused order by lower(name)",
            new { time }, cancellationToken: ct))];
    }

    /// <summary>Makes a connection; false when another has the name.</summary>
    public async Task<bool> AddAsync(OctopusFields fields, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(fields);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var added = await connection.ExecuteAsync(new CommandDefinition(
            """
            insert into octopus_connections (
                name, url, api_key_encrypted, secret_encrypted, own_host, spaces, environments, from_at)
            values (@Name, @Url, @ApiKeyEncrypted, @SecretEncrypted, @OwnHost, @Spaces, @Environments, @FromAt)
            on conflict do nothing
            """, fields, transaction, cancellationToken: ct));
        if (added == 0)
            return false;
        var change = new AuditedChange("octopus.create", "octopus", fields.Name, null, Audited(fields));
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return true;
    }

    /// <summary>Removes a connection; its records stay. False when there is none of that name.</summary>
    public async Task<bool> DeleteAsync(string name, Actor by, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var gone = await connection.QuerySingleOrDefaultAsync<OctopusConnection>(new CommandDefinition(
            """
            delete from octopus_connections
            where lower(name) = lower(@name)
            returning name, url, spaces, environments, from_at
            """, new { name }, transaction, cancellationToken: ct));
        if (gone is null)
            return false;
        var change = new AuditedChange("octopus.delete", "octopus", gone.Name, Audited(gone), null);
        await AuditStore.CommitAsync(transaction, change, by, ct);
        return true;
    }

    /// <summary>Stops asking the server for the time being, or goes on.</summary>
    public async Task PauseAsync(OctopusConnection octopus, bool isPaused, Actor by, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(octopus);
        await using var connection = await database.OpenConnectionAsync(ct);
        await using var transaction = await connection.BeginTransactionAsync(ct);
        var changed = await connection.ExecuteAsync(new CommandDefinition(
            """
            update octopus_connections set is_paused = @isPaused
            where connection_id = @ConnectionId and is_paused <> @isPaused
            """, new { isPaused, octopus.ConnectionId }, transaction, cancellationToken: ct));
        if (changed == 0)
            return;
        await AuditStore.CommitAsync(
            transaction,
            new AuditedChange(
                isPaused ? "octopus.pause" : "octopus.resume", "octopus", octopus.Name, null, null), by, ct);
    }

    /// <summary>Has the server's tasks listed now instead of when it is time.</summary>
    public async Task PollSoonAsync(int connectionId, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "update octopus_connections set polled_at = null where connection_id = @connectionId",
            new { connectionId }, cancellationToken: ct));
    }

    /// <summary>Notes that every space was listed to its end at a time.</summary>
    public async Task NotePolledAsync(int connectionId, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "update octopus_connections set polled_at = @now where connection_id = @connectionId",
            new { connectionId, now }, cancellationToken: ct));
    }

    /// <summary>Notes that the server wants to be left alone until a time.</summary>
    public async Task NoteBusyAsync(int connectionId, DateTimeOffset until, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            "update octopus_connections set not_before = @until where connection_id = @connectionId",
            new { connectionId, until }, cancellationToken: ct));
    }

    /// <summary>Notes how a round went: a problem, or an empty text when there was none.</summary>
    public async Task NoteOutcomeAsync(int connectionId, string problem, DateTimeOffset now, CancellationToken ct)
    {
        await using var connection = await database.OpenConnectionAsync(ct);
        await connection.ExecuteAsync(new CommandDefinition(
            """
            update octopus_connections
            set problem = @problem, failing_since = case when @problem <> '' then coalesce(failing_since, @now) end
            where connection_id = @connectionId and (problem <> @problem or (failing_since is null) <> (@problem = ''))
            """, new { connectionId, problem, now }, cancellationToken: ct));
    }

    /// <summary>
    /// Books one request to the server. In any minute there are at most 60, of all nodes together and across restarts;
    /// the generic cell rate algorithm (ITU-T I.371), kept in the row.
    /// </summary>
    /// <returns>How long to wait before asking again; zero: the request may be made now.</returns>
    public async Task<TimeSpan> BookRequestAsync(int connectionId, DateTimeOffset now, CancellationToken ct)
    {
        var ahead = TimeSpan.FromSeconds(SecondsPerRequest * (RequestsAtOnce - 1));
        await using var connection = await database.OpenConnectionAsync(ct);
        var (isBooked, until) = await connection.QuerySingleOrDefaultAsync<(bool, DateTimeOffset)>(
            new CommandDefinition(
            """
            with booked as (
                update octopus_connections
                set requests_until = greatest(requests_until, @now) + @each
                where connection_id = @connectionId and requests_until <= @now + @ahead
                returning requests_until)
            select true, requests_until from booked
            union all
            select false, requests_until
            from octopus_connections
            where connection_id = @connectionId and not exists (select from booked)
            """,
            new
            {
                connectionId,
                now,
                each = TimeSpan.FromSeconds(SecondsPerRequest),
                ahead,
            }, cancellationToken: ct));
        return isBooked ? TimeSpan.Zero : until - now - ahead;
    }

    /// <summary>
    /// The turn to ask a server, which one node has at a time: it ends with what is returned, or with the node. Null:
    /// another has it.
    /// </summary>
    public async Task<IAsyncDisposable?> TakeTurnOrNullAsync(int connectionId, CancellationToken ct)
    {
        var connection = await database.OpenConnectionAsync(ct);
        try
        {
            if (await connection.ExecuteScalarAsync<bool>(new CommandDefinition(
                "select pg_try_advisory_lock(@TurnLockSpace, @connectionId)",
                new { TurnLockSpace, connectionId }, cancellationToken: ct)))
                return new Turn(connection, connectionId);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }

        await connection.DisposeAsync();
        return null;
    }

    static object Audited(OctopusFields fields) => new
    {
        fields.Name,
        fields.Url,
        fields.Spaces,
        fields.Environments,
        fields.FromAt,
    };

    sealed class Turn(NpgsqlConnection connection, int connectionId) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            await using (connection)
            {
                try
                {
                    await connection.ExecuteAsync(
                        "select pg_advisory_unlock(@TurnLockSpace, @connectionId)",
                        new { TurnLockSpace, connectionId });
                }
                catch (NpgsqlException)
                {
                    // The session is gone, and the lock with it.
                }
            }
        }
    }
}
