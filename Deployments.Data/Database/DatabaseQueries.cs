using Dapper;
using Npgsql;

namespace Deployments.Data.Database;

/// <summary>Reads how the database is.</summary>
/// <param name="database">The database.</param>
public sealed class DatabaseQueries(NpgsqlDataSource database)
{
    const int LargestTables = 8;

    /// <summary>Server, size, migrations and what waits in the inbox.</summary>
    /// <exception cref="NpgsqlException">The database does not answer.</exception>
    public async Task<DatabaseCondition> ConditionAsync(CancellationToken ct)
    {
        var address = new NpgsqlConnectionStringBuilder(database.ConnectionString);
        await using var connection = await database.OpenConnectionAsync(ct);
        var server = await connection.QuerySingleAsync<ServerRow>(new CommandDefinition(
            """
            select current_setting('server_version') as version, current_database() as name,
                pg_database_size(current_database()) as bytes, pg_is_in_recovery() as is_standby,
                pg_postmaster_start_time() as started_at,
                (select count(*) from pg_stat_activity where datname = current_database()) as connections,
                current_setting('max_connections')::int as connections_max,
                (select count(*) from deployment_inbox) as inbox,
                (select received_at from deployment_inbox order by id limit 1) as inbox_oldest_at
            """, cancellationToken: ct));
        var migrations = await connection.QueryAsync<AppliedMigration>(new CommandDefinition(
            "select name, applied_at from schema_migrations order by name desc", cancellationToken: ct));
        var tables = await connection.QueryAsync<TableSize>(new CommandDefinition(
            """
            select relname as name, pg_total_relation_size(oid) as bytes, greatest(reltuples, 0)::bigint as rows
            from pg_class
            where relnamespace = 'public'::regnamespace and relkind = 'r'
            order by pg_total_relation_size(oid) desc, relname
            limit @LargestTables
            """, new { LargestTables }, cancellationToken: ct));
        return new DatabaseCondition
        {
            Host = address.Host ?? "",
            Port = address.Port,
            Name = server.Name,
            UserName = address.Username ?? "",
            Version = server.Version,
            Bytes = server.Bytes,
            IsStandby = server.IsStandby,
            StartedAt = server.StartedAt,
            Connections = server.Connections,
            ConnectionsMax = server.ConnectionsMax,
            Inbox = server.Inbox,
            InboxOldestAt = server.InboxOldestAt,
            Migrations = [.. migrations],
            Tables = [.. tables],
        };
    }

    sealed record ServerRow
    {
        public string Version { get; init; } = "";

        public string Name { get; init; } = "";

        public long Bytes { get; init; }

        public bool IsStandby { get; init; }

        public DateTimeOffset StartedAt { get; init; }

        public long Connections { get; init; }

        public int ConnectionsMax { get; init; }

        public long Inbox { get; init; }

        public DateTimeOffset? InboxOldestAt { get; init; }
    }
}

/// <summary>How the database is. Without its password.</summary>
public sealed record DatabaseCondition
{
    /// <summary>The hosts, separated by commas, or the directory of the socket.</summary>
    public string Host { get; init; } = "";

    /// <summary>The port, where a host names none.</summary>
    public int Port { get; init; }

    /// <summary>Name of the database.</summary>
    public string Name { get; init; } = "";

    /// <summary>As whom the program connects.</summary>
    public string UserName { get; init; } = "";

    /// <summary>Version of the server.</summary>
    public string Version { get; init; } = "";

    /// <summary>Size of the database, in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>Whether it is a standby, which takes no writes.</summary>
    public bool IsStandby { get; init; }

    /// <summary>When the server started.</summary>
    public DateTimeOffset StartedAt { get; init; }

    /// <summary>Connections to this database now, of everybody.</summary>
    public long Connections { get; init; }

    /// <summary>Connections that the server allows, to all its databases.</summary>
    public int ConnectionsMax { get; init; }

    /// <summary>Entries of the inbox.</summary>
    public long Inbox { get; init; }

    /// <summary>When the oldest of them came in; null when there is none.</summary>
    public DateTimeOffset? InboxOldestAt { get; init; }

    /// <summary>Applied migrations, the last one first.</summary>
    public IReadOnlyList<AppliedMigration> Migrations { get; init; } = [];

    /// <summary>The largest tables, the largest first.</summary>
    public IReadOnlyList<TableSize> Tables { get; init; } = [];
}

/// <summary>A step of the schema.</summary>
public sealed record AppliedMigration
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>When it was applied.</summary>
    public DateTimeOffset AppliedAt { get; init; }
}

/// <summary>How large a table is.</summary>
public sealed record TableSize
{
    /// <summary>Its name.</summary>
    public string Name { get; init; } = "";

    /// <summary>With its indexes, in bytes.</summary>
    public long Bytes { get; init; }

    /// <summary>Rows as PostgreSQL last estimated them.</summary>
    public long Rows { get; init; }
}
