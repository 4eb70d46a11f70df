using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Notifications;
using Deployments.Tests.Records;
using Deployments.Tests.Support;
using Deployments.Web.Accounts;
using Deployments.Web.Gateway;
using Deployments.Web.Notifications;
using Deployments.Web.Settings;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Notifications;

/// <summary>Delivering to real listeners, and what happens when they do not behave.</summary>
public sealed class NotificationDeliveryTests : IAsyncLifetime
{
    const string Secret = "whsec_test";

    readonly EphemeralDataProtectionProvider protection = new();
    readonly ConnectorSecrets secrets = new(new EphemeralDataProtectionProvider());
    readonly ConcurrentQueue<(IHeaderDictionary Headers, byte[] Body)> received = new();
    readonly ConcurrentQueue<int> answers = new();
    TestDatabase database = null!;
    Seed seed = null!;
    FakeUpstream receiver = null!;
    NotificationOutboxStore outbox = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        outbox = new NotificationOutboxStore(database.DataSource);
        receiver = await FakeUpstream.StartAsync(async context =>
        {
            using var body = new MemoryStream();
            await context.Request.Body.CopyToAsync(body);
            received.Enqueue((new HeaderDictionary(
                context.Request.Headers.ToDictionary(h => h.Key, h => h.Value)), body.ToArray()));
            context.Response.StatusCode = answers.TryDequeue(out var status) ? status : 200;
            if (context.Response.StatusCode == 302)
                context.Response.Headers.Location = "/elsewhere";
            await context.Response.WriteAsync(new string('y', 600) + "\0");
        });
    }

    public async Task DisposeAsync()
    {
        await receiver.DisposeAsync();
        await database.DisposeAsync();
    }

    [Fact]
    public async Task A_webhook_is_signed_and_says_what_happened()
    {
        await WebhookAsync();
        await seed.DeployAsync("@acme/Acme.Json 1.0.0", "WEB <1>", 0);

        Assert.Equal(1, await Delivery().RunOnceAsync(default));
        Assert.Equal(0, await Delivery().RunOnceAsync(default));

        var (headers, body) = Assert.Single(received);
        Assert.Equal("/hook?key=1", receiver.Requests[0].Target);
        Assert.Equal("deployment.recorded", headers["X-Deployments-Event"]);
        Assert.Equal("application/json; charset=utf-8", headers.ContentType);
        Assert.Equal(
            "sha256=" + Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), body)),
            headers["X-Deployments-Signature-256"]);
        var json = JsonNode.Parse(body)!;
        Assert.Equal(headers["X-Deployments-Delivery"].ToString(), (string?)json["delivery"]);
        Assert.Equal("Rule", (string?)json["rule"]);
        Assert.StartsWith("https://deployments.example.com/sub/deployments/", (string?)json["link"],
            StringComparison.Ordinal);
        Assert.Equal("WEB <1>", (string?)json["deployment"]!["target"]);
        Assert.Equal("2026-01-31T08:15:00Z", (string?)json["deployment"]!["deployedAt"]);
        Assert.Null(json["vulnerability"]);
        var row = Assert.Single(await RowsAsync());
        Assert.Equal((NotificationState.Delivered, 1, 200, 500, (string?)null),
            (row.State, row.Attempts, row.Status, row.Answer!.Length, row.Problem));
    }

    [Fact]
    public async Task A_failure_is_tried_again_under_the_same_id_when_its_pause_is_over()
    {
        answers.Enqueue(500);
        await WebhookAsync();
        await seed.DeployAsync("Acme 1.0.0", "WEB-1", 0);

        Assert.Equal(0, await Delivery().RunOnceAsync(default));
        Assert.Equal(0, await Delivery().RunOnceAsync(default));
        var failed = Assert.Single(await RowsAsync());
        Assert.Equal((NotificationState.Waiting, "The receiver answered 500."), (failed.State, failed.Problem));
        await MakeDueAsync();
        Assert.Equal(1, await Delivery().RunOnceAsync(default));

        Assert.Equal(2, received.Count);
        Assert.Single(received.Select(request => request.Headers["X-Deployments-Delivery"].ToString()).Distinct());
        Assert.Single(received.Select(request => Convert.ToHexString(request.Body)).Distinct());
        Assert.Equal(2, await ScalarAsync("select count(*) from notification_deliveries"));
    }

    [Fact]
    public async Task Redirects_are_not_followed()
    {
        answers.Enqueue(302);
        await WebhookAsync();
        await seed.DeployAsync("Acme 1.0.0", "WEB-1", 0);

        await Delivery().RunOnceAsync(default);

        Assert.Single(receiver.Requests);
        Assert.Contains("redirects are not followed", Assert.Single(await RowsAsync()).Problem,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_receiver_that_hangs_is_left_alone_with_the_rest()
    {
        await using var hanging = await FakeUpstream.StartAsync(async context =>
            await Task.Delay(Timeout.Infinite, context.RequestAborted)
                .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing));
        await WebhookAsync(hanging.Url);
        await seed.DeployAsync("Acme 1.0.0", "WEB-1", 0);
        await seed.DeployAsync("Acme 1.0.0", "WEB-2", 1);

        Assert.Equal(0, await Delivery(answerTimeout: TimeSpan.FromMilliseconds(200)).RunOnceAsync(default));

        Assert.Single(hanging.Requests);
        var rows = await RowsAsync();
        Assert.Equal([0, 1], rows.Select(row => row.Attempts));
        Assert.Equal("The receiver took too long.", rows[1].Problem);
        Assert.Equal(0, await ScalarAsync(
            "select count(*) from notification_outbox where next_attempt_at <= now() or state <> 0"));
    }

    [Theory]
    [InlineData(null, false, "private address")]
    [InlineData("http://169.254.169.254/hook", true, "metadata")]
    [InlineData("http://[::ffff:169.254.169.254]/hook", true, "metadata")]
    public async Task Forbidden_addresses_are_refused(string? url, bool mayReachPrivate, string reason)
    {
        await WebhookAsync(url is null ? null : new Uri(url));
        await seed.DeployAsync("Acme 1.0.0", "WEB-1", 0);

        await Delivery(new DeploymentsSettings { ConnectorsMayReachPrivateNetworks = mayReachPrivate })
            .RunOnceAsync(default);

        Assert.Empty(receiver.Requests);
        Assert.Contains(reason, Assert.Single(await RowsAsync()).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_a_day_it_is_given_up_until_somebody_tries_again()
    {
        answers.Enqueue(503);
        var rule = await WebhookAsync();
        await seed.DeployAsync("Acme 1.0.0", "WEB-1", 0);
        await seed.ExecuteAsync("update notification_outbox set give_up_at = now()");
        await Delivery().RunOnceAsync(default);
        var failed = Assert.Single(await RowsAsync());
        Assert.Equal(NotificationState.Failed, failed.State);
        await MakeDueAsync();
        Assert.Equal(0, await Delivery().RunOnceAsync(default));

        Assert.False(await outbox.TryAgainAsync(rule + 1, failed.NotificationId, Actor.Program, default));
        Assert.True(await outbox.TryAgainAsync(rule, failed.NotificationId, Actor.Program, default));
        Assert.Equal(1, await Delivery().RunOnceAsync(default));
        Assert.False(await outbox.TryAgainAsync(rule, failed.NotificationId, Actor.Program, default));
        Assert.Equal(2, received.Count);
    }

    [Fact]
    public async Task Several_nodes_deliver_each_notification_once()
    {
        await WebhookAsync();
        for (var i = 0; i < 60; i++)
            await seed.DeployAsync("Acme 1.0.0", $"WEB-{i}", i);

        var delivered = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Delivery().RunOnceAsync(default)));

        Assert.Equal(60, delivered.Sum());
        Assert.Equal(60, received.Count);
        Assert.Equal(60, received.Select(r => r.Headers["X-Deployments-Delivery"].ToString()).Distinct().Count());
    }

    [Fact]
    public async Task A_node_that_dies_before_it_notes_lets_another_send_again_under_the_same_id()
    {
        var rule = await WebhookAsync();
        await seed.DeployAsync("Acme 1.0.0", "WEB-1", 0);
        var lost = await outbox.ClaimAsync(rule, 10, default);
        await Webhooks().SendAsync((await Queries().ByIdOrNullAsync(rule, default))!, lost[0], default);
        Assert.Equal(0, await Delivery().RunOnceAsync(default)); // it is claimed

        await MakeDueAsync();
        Assert.Equal(1, await Delivery().RunOnceAsync(default));

        Assert.Single(received.Select(r => r.Headers["X-Deployments-Delivery"].ToString()).Distinct());
        Assert.Equal(2, received.Count);
        // What the first has to say comes too late.
        await outbox.SettleAsync(lost, new DeliveryResult(false, 1, null, "", "late"), TimeSpan.Zero, default);
        Assert.Equal(NotificationState.Delivered, Assert.Single(await RowsAsync()).State);
    }

    [Fact]
    public async Task Mail_gathers_what_waits()
    {
        await using var smtp = new FakeSmtp();
        await MailAsync();
        await seed.DeployAsync("Acme 1.0.0", "WEB-1\r\nBcc: victim@example.com", 0);
        await seed.DeployAsync("Acme 1.1.0", "WEB-2", 1);

        Assert.Equal(2, await Delivery(Mailing(smtp)).RunOnceAsync(default));

        var mail = Assert.Single(smtp.Mails);
        Assert.Equal(["ops@example.com", "second@example.com"], mail.Recipients);
        Assert.Contains("Subject: 2 notifications: Rule\n", mail.Text, StringComparison.Ordinal);
        Assert.Contains("Acme 1.1.0 was deployed to WEB-2.", mail.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("\nBcc:", mail.Text, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("https://deployments.example.com/sub/deployments/", mail.Text, StringComparison.Ordinal);
        Assert.All(await RowsAsync(), row => Assert.Equal(NotificationState.Delivered, row.State));
    }

    [Fact]
    public async Task Mail_that_is_refused_or_has_no_server_waits()
    {
        await using var smtp = new FakeSmtp { Refuses = true };
        await MailAsync();
        await seed.DeployAsync("Acme 1.0.0", "WEB-1\r\nBcc: victim@example.com", 0);

        await Delivery(Mailing(smtp)).RunOnceAsync(default);
        Assert.Contains("nobody of that name", Assert.Single(await RowsAsync()).Problem, StringComparison.Ordinal);
        await MakeDueAsync();
        await Delivery().RunOnceAsync(default);
        Assert.Contains("No mail server is set", Assert.Single(await RowsAsync()).Problem, StringComparison.Ordinal);
        await MakeDueAsync();
        smtp.Refuses = false;
        Assert.Equal(1, await Delivery(Mailing(smtp)).RunOnceAsync(default));
        Assert.Contains("Subject: Deployed: Acme 1.0.0 on WEB-1  Bcc: victim@example.com",
            Assert.Single(smtp.Mails).Text.Replace("\n ", " ", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_is_sent_at_once_and_only_once()
    {
        answers.Enqueue(500);
        var rule = (await Queries().ByIdOrNullAsync(await WebhookAsync(), default))!;

        Assert.False((await Delivery().TestAsync(rule, default)).Ok);
        Assert.True((await Delivery().TestAsync(rule, default)).Ok);

        Assert.Equal([NotificationState.Delivered, NotificationState.Failed],
            (await RowsAsync()).Select(row => row.State));
        Assert.All(received, request => Assert.Equal("test", request.Headers["X-Deployments-Event"]));
    }

    [Fact]
    public async Task What_ended_long_ago_is_forgotten_and_what_waits_is_not()
    {
        await WebhookAsync();
        await seed.DeployAsync("Acme 1.0.0", "WEB-1", 0);
        await Delivery().RunOnceAsync(default);
        await seed.DeployAsync("Acme 1.0.0", "WEB-2", 1);

        Assert.Equal(0, await outbox.PruneAsync(TimeProvider.System.GetUtcNow().AddDays(-1), default));
        Assert.Equal(1, await outbox.PruneAsync(TimeProvider.System.GetUtcNow().AddDays(1), default));

        Assert.Equal(NotificationState.Waiting, Assert.Single(await RowsAsync()).State);
        Assert.Equal(0, await ScalarAsync("select count(*) from notification_deliveries"));
    }

    [Fact]
    public void Pauses_grow_to_two_hours()
    {
        Assert.InRange(NotificationDelivery.Pause(1).TotalSeconds, 7.5, 12.6);
        Assert.InRange(NotificationDelivery.Pause(4).TotalSeconds, 60, 101);
        Assert.InRange(NotificationDelivery.Pause(1000).TotalHours, 1.5, 2.51);
    }

    [Theory]
    [InlineData("https://hooks.example.com/a?b=c", true)]
    [InlineData("http://10.0.0.1:8080/", true)]
    [InlineData("ftp://hooks.example.com/", false)]
    [InlineData("https://user:pass@hooks.example.com/", false)]
    [InlineData("https://hooks.example.com/#part", false)]
    [InlineData("https://hooks.example.com/\r\nX: y", false)]
    [InlineData("/relative", false)]
    [InlineData("", false)]
    [InlineData(null, false)]
    public void Only_web_addresses_are_receivers(string? address, bool fit) =>
        Assert.Equal(fit, WebhookSender.ProblemOrNull(address) is null);

    [Theory]
    [InlineData("ops@example.com", true)]
    [InlineData("Ops <ops@example.com>", false)]
    [InlineData("ops", false)]
    [InlineData("@example.com", false)]
    [InlineData("ops@", false)]
    [InlineData("a@b\r\nBcc: c@d", false)]
    public void Only_plain_addresses_get_mail(string address, bool fit) =>
        Assert.Equal(fit, MailAddresses.IsAddress(address));

    static DeploymentsSettings Linked(DeploymentsSettings? settings = null) =>
        (settings ?? new DeploymentsSettings()) with { PublicUrl = new Uri("https://deployments.example.com/sub/") };

    static DeploymentsSettings Mailing(FakeSmtp smtp) => new()
    {
        Smtp = new SmtpSettings
        {
            Host = "127.0.0.1",
            Port = smtp.Port,
            Encryption = "none",
            From = "deployments@example.com",
        },
    };

    WebhookSender Webhooks(DeploymentsSettings? settings = null, TimeSpan? answerTimeout = null) => new(
        new UpstreamGuard(Linked(settings)), secrets, new NotificationLinks(Linked(settings)), TimeProvider.System)
    {
        Timeout = answerTimeout ?? TimeSpan.FromSeconds(30),
    };

    NotificationDelivery Delivery(DeploymentsSettings? settings = null, TimeSpan? answerTimeout = null) => new(
        outbox, Webhooks(settings, answerTimeout),
        new MailSender(
            new MailServers(Linked(settings), new MailServerQueries(database.DataSource), protection),
            new UpstreamGuard(Linked(settings)), new NotificationLinks(Linked(settings)), TimeProvider.System),
        TimeProvider.System);

    NotificationQueries Queries() => new(database.DataSource);

    Task<int> WebhookAsync(Uri? url = null) => AddAsync(new NotificationFields
    {
        Name = "Rule",
        Occasion = NotificationOccasion.Deployment,
        Channel = NotificationChannel.Webhook,
        Url = (url ?? new Uri(receiver.Url, "hook?key=1")).AbsoluteUri,
    });

    Task<int> MailAsync() => AddAsync(new NotificationFields
    {
        Name = "Rule",
        Occasion = NotificationOccasion.Deployment,
        Channel = NotificationChannel.Mail,
        Recipients = ["ops@example.com", "second@example.com"],
    });

    async Task<int> AddAsync(NotificationFields fields)
    {
        var (outcome, id) = await new NotificationRuleStore(database.DataSource).AddAsync(
            fields, fields.Url is null ? null : secrets.Protect(Secret), Actor.Program, default);
        Assert.Equal(NotificationOutcome.Saved, outcome);
        return id;
    }

    async Task<IReadOnlyList<NotificationRow>> RowsAsync()
    {
        var rule = Assert.Single(await Queries().AllAsync(default));
        return await Queries().PageAsync(rule.NotificationRuleId, null, null, 100, default);
    }

    Task MakeDueAsync() => seed.ExecuteAsync("update notification_outbox set next_attempt_at = now()");

    async Task<long> ScalarAsync(string sql)
    {
        await using var connection = await database.DataSource.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<long>(sql);
    }
}
