using Dapper;
using Deployments.Tests.Support;

namespace Deployments.Tests.Notifications;

/// <summary>Rules and what became of what they told, to be looked at: nothing of it is due.</summary>
static class NotificationSeed
{
    public static async Task WriteAsync(TestApp app)
    {
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        await connection.ExecuteAsync(
            """
            insert into notification_rules (
                name, occasion, severity_min, package_pattern, target_pattern, channel, url, secret_encrypted,
                recipients)
            values
                ('On call', 1, 3, null, 'WEB-*', 1, 'https://hooks.example.com/deployments/7c0f', 'x', '{}'),
                ('Mail to the team <script>', 3, 0, '@acme/*', null, 2, null, null,
                 '{ops@example.com,team@example.com}');
            insert into notification_outbox (
                notification_rule_id, event_key, occasion, facts, created_at, state, attempts, next_attempt_at,
                ended_at)
            select 1, n::text, 1, json_build_object(
                       'name', 'Accounts.Web', 'version', '1.4.' || n, 'target', 'WEB-0' || n, 'deploymentId', n,
                       'feed', 'approved-nuget', 'packageType', 'nuget', 'deployedAt', now(), 'user', 'jdoe',
                       'application', 'Jenkins', 'advisory', json_build_object(
                           'id', 'GHSA-' || n, 'severity', 3, 'score', 7.5, 'summary', '<script>alert(1)</script>',
                           'isCertain', true, 'fixed', '1.5.0')),
                   now() - n * interval '1 hour', state, 3, now() + interval '1 day',
                   case when state > 0 then now() end
            from (values (1, 1), (2, 1), (3, 0), (4, 2)) as v (n, state);
            insert into notification_deliveries (notification_id, took_ms, status, answer, problem)
            select notification_id, 12 * notification_id, case state when 1 then 200 when 2 then 503 end,
                   case state when 0 then '' else '<b>text</b> of a stranger' end,
                   case state when 0 then 'The receiver took too long.' when 2 then 'The receiver answered 503.' end
            from notification_outbox;
            """);
    }
}
