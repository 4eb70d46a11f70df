using Npgsql;

namespace Deployments.Bench;

/// <summary>
/// A history of releases: each goes to forty targets within minutes, popular packages are released more often, versions
/// rise and sometimes go back. 10,000 packages, 5,000 targets, 50 applications, 300 users, 18 months. Written in the
/// order of time, so that the indexes grow as they do in use.
/// </summary>
static class HistorySeed
{
    public const int Targets = 5000;
    public const int Applications = 50;
    public const int Users = 300;

    public static string Target(int n) => $"WEB-{n:0000}.corp.example";

    public static string Application(int n) => $"Deployer {n}";

    public static string User(int n) => $"user.{n}";

    /// <summary>The packages by popularity: 1 is released most.</summary>
    public static string Package(int n) => $"Acme.Service{n}";

    public static async Task FillAsync(NpgsqlDataSource database, int records)
    {
        await ExecuteAsync(database,
            """
            truncate deployments, installations, packages, package_versions, texts, targets, applications, users,
                recorders, feed_packages cascade;
            insert into feeds (name, feed_type)
            select 'feed-' || n, 'universal' from generate_series(1, 8) n on conflict do nothing;
            """);
        await using var connection = await database.OpenConnectionAsync();
        await using var command = connection.CreateCommand();
        command.CommandTimeout = 0;
        foreach (var statement in Statements)
        {
            command.CommandText = statement.Replace("{releases}", (records / 40).ToString(
                System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
            await command.ExecuteNonQueryAsync();
        }
    }

    static readonly string[] Statements =
    [
        "select setseed(0.42)",
        $"""
        insert into targets (target_id, name_key, name) overriding system value
        select n, lower(name), name
        from generate_series(1, {Targets}) n,
             lateral (select 'WEB-' || lpad(n::text, 4, '0') || '.corp.example') as t (name)
        """,
        $"""
        insert into applications (application_id, name_key, name) overriding system value
        select n, 'deployer ' || n, 'Deployer ' || n from generate_series(1, {Applications}) n
        """,
        $"""
        insert into users (user_id, name_key, name) overriding system value
        select n, 'user.' || n, 'user.' || n from generate_series(1, {Users}) n
        """,
        """
        insert into recorders (recorder_id, name_key, name) overriding system value
        select n, 'api key "ci-' || n || '"', 'API key "ci-' || n || '"' from generate_series(1, 20) n
        """,
        """
        insert into packages (package_id, type, group_key, name_key, group_name, name) overriding system value
        select n, 'upack', '', 'acme.service' || n, '', 'Acme.Service' || n from generate_series(1, 10000) n
        """,
        """
        create temp table releases on commit preserve rows as
        select release, package_id, released_at, random() as luck,
               row_number() over (partition by package_id order by release) as nth
        from (
            select release, 1 + floor(10000 * power(random(), 2.5))::int as package_id,
                   now() - interval '540 days' * (1 - release::float8 / {releases}) as released_at
            from generate_series(1, {releases}) release) drawn
        """,
        """
        insert into package_versions (package_id, version_key, qualifier, version, sort_key)
        select distinct package_id, '1.' || nth / 3 || '.0', '', '1.' || nth / 3 || '.0', int4send((nth / 3)::int)
        from releases
        """,
        """
        insert into texts (name_key, name)
        select md5(name)::uuid, name from (
            select 'Release ' || release || ' of the service to production, ticket OPS-' || release * 7 from releases
            union all select 'https://ci.corp.example/builds/' || release from releases
            union all select 'BuildMaster/7.0 InedoCore/' || n from generate_series(0, 29) n) t (name)
        """,
        "analyze",
        """
        insert into deployments (
            id, deployed_at, recorded_at, package_id, version_id, target_id, application_id, user_id, recorder_id,
            description_id, url_id, user_agent_id, feed_id, road, client_address)
        select row_number() over (order by released_at, n), released_at + n * interval '7 seconds',
               released_at + n * interval '7 seconds' + interval '1 second', package_id, version_id,
               1 + (package_id * 37 + n * 7) % 5000, 1 + release % 50, 1 + release % 300, 1 + release % 20,
               description.text_id, url.text_id, agent.text_id,
               (select min(feed_id) from feeds where name = 'feed-1') + package_id % 8, 1,
               ('10.' || release % 4 || '.' || n || '.' || release % 250)::inet
        from releases
        join package_versions using (package_id)
        join texts description on description.name_key = md5(
            'Release ' || release || ' of the service to production, ticket OPS-' || release * 7)::uuid
        join texts url on url.name_key = md5('https://ci.corp.example/builds/' || release)::uuid
        join texts agent on agent.name_key = md5('BuildMaster/7.0 InedoCore/' || release % 30)::uuid
        cross join generate_series(1, 40) n
        where version_key = '1.' || (case when luck < 0.03 and nth >= 3 then nth / 3 - 1 else nth / 3 end) || '.0'
        """,
        """
        insert into installations (target_id, package_id, version_id, deployment_id, deployed_at)
        select distinct on (target_id, package_id) target_id, package_id, version_id, id, deployed_at
        from deployments order by target_id, package_id, deployed_at desc, id desc
        """,
        "insert into feed_packages select distinct feed_id, package_id from deployments",
        "drop table releases",
        "vacuum analyze deployments, installations, texts, package_versions, feed_packages",
    ];

    static async Task ExecuteAsync(NpgsqlDataSource database, string sql)
    {
        await using var command = database.CreateCommand(sql);
        command.CommandTimeout = 0;
        await command.ExecuteNonQueryAsync();
    }
}
