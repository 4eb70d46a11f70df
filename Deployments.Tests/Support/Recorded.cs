using Dapper;

namespace Deployments.Tests.Support;

/// <summary>What is in the database, for tests to look at.</summary>
static class Recorded
{
    public sealed record Row
    {
        public long Id { get; init; }

        public string GroupName { get; init; } = "";

        public string Name { get; init; } = "";

        public string Version { get; init; } = "";

        public string Qualifier { get; init; } = "";

        public string Application { get; init; } = "";

        public string Description { get; init; } = "";

        public string Target { get; init; } = "";

        public string? Url { get; init; }

        public string UserName { get; init; } = "";

        public string Recorder { get; init; } = "";

        public DateTimeOffset DeployedAt { get; init; }

        public string? RawHeaders { get; init; }

        public short Road { get; init; }
    }

    public sealed record Rejected
    {
        public long Id { get; init; }

        public string Name { get; init; } = "";

        public string Reason { get; init; } = "";

        public string RawHeaders { get; init; } = "";
    }

    /// <summary>All records, oldest id first.</summary>
    public static async Task<IReadOnlyList<Row>> AllAsync(TestDatabase database)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<Row>(
            """
            select d.id, p.group_name, p.name, v.version, v.qualifier, a.name as application, x.name as description,
                   t.name as target, l.name as url, u.name as user_name, r.name as recorder, d.deployed_at,
                   d.raw_headers, d.road
            from deployments d
            join packages p using (package_id)
            join package_versions v using (version_id)
            join applications a using (application_id)
            join targets t using (target_id)
            join users u using (user_id)
            join recorders r using (recorder_id)
            join texts x on x.text_id = d.description_id
            left join texts l on l.text_id = d.url_id
            order by d.id
            """)];
    }

    /// <summary>All rejected records, oldest id first.</summary>
    public static async Task<IReadOnlyList<Rejected>> RejectedAsync(TestDatabase database)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<Rejected>(
            "select id, name, reason, raw_headers from rejected_records order by id")];
    }

    /// <summary>Returns when nothing waits in the inbox any more.</summary>
    public static Task DrainedAsync(TestDatabase database) => Patience.UntilAsync(
        async () =>
        {
            await using var connection = await database.DataSource.OpenConnectionAsync();
            return !await connection.ExecuteScalarAsync<bool>("select exists (select from deployment_inbox)");
        },
        () => "The inbox is not drained.");
}
