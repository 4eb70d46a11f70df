using Dapper;
using Npgsql;

namespace Deployments.Tests.Support;

/// <summary>Entries that wait in the inbox, each for a target of its own; a feed must be there.</summary>
static class InboxSeed
{
    public static async Task FillAsync(NpgsqlDataSource database, int entries)
    {
        await using var connection = await database.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into deployment_inbox (
                id, received_at, feed_id, group_name, name, version, qualifier, application, description, target,
                user_name, recorder, road, raw_path)
            select nextval('deployment_ids'), now(), (select min(feed_id) from feeds), '', 'app', '1.0.0', '', 'a', 'd',
                   'server-' || n, 'u', 'r', 1, '/'
            from generate_series(1, @entries) n
            """, new { entries });
    }
}
