using System.Globalization;

namespace Deployments.Tests.Records;

/// <summary>Ids that are not records: statements to be executed where a feed exists.</summary>
static class PageSeed
{
    public static string Waiting(long id) => string.Create(CultureInfo.InvariantCulture,
        $"""
        insert into deployment_inbox (
            id, received_at, feed_id, group_name, name, version, qualifier, application, description, target,
            user_name, recorder, road, raw_path)
        select {id}, now(), feed_id, '', 'A', '1.0', '', 'App', '', 'WEB-01', 'jdoe', 'Anonymous', 1, '/'
        from feeds limit 1
        """);

    public static string Rejected(long id) => string.Create(CultureInfo.InvariantCulture,
        $"""
        insert into rejected_records (
            id, received_at, feed_id, group_name, name, version, qualifier, recorder, road, raw_path, raw_headers,
            reason)
        select {id}, now(), feed_id, '', 'A', '1.0', '', 'Anonymous', 1, '/', '', 'Target is <b>missing</b>'
        from feeds limit 1
        """);
}
