using Dapper;
using Deployments.Tests.Support;

namespace Deployments.Tests.Records;

/// <summary>Rejected records in a test's database, of a feed that is there.</summary>
sealed class RejectedSeed(TestDatabase database, string feed = "main")
{
    public const string Headers =
        "X-ProGet-Deployment-Application: BuildMaster\n"
        + "X-ProGet-Deployment-Description: Release 7\n"
        + "X-ProGet-Deployment-UserName: M%C3%BCller\n"
        + "X-ProGet-Deployment-Date: 2026-01-30T08:15:00Z\n";

    public const string Reason = "X-ProGet-Deployment-Target is missing";

    public async Task<long> AddAsync(
        long id, string headers = Headers, string reason = Reason, string name = "Acme.Web", double minutes = 0)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into rejected_records (
                id, received_at, feed_id, group_name, name, version, qualifier, recorder, client_address, user_agent,
                road, raw_path, raw_headers, reason)
            select @id, @at, feed_id, '', @name, '1.2.0', '', 'API key "ci"', '192.0.2.7', 'NuGet/6.12', 1,
                   '/nuget/main/package/Acme.Web/1.2.0', @headers, @reason
            from feeds where name = @feed
            """, new { id, at = Seed.Start.AddMinutes(minutes), name, headers, reason, feed });
        return id;
    }
}
