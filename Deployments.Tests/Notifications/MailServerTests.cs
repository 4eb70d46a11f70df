using System.Net;
using Dapper;
using Deployments.Data.Audit;
using Deployments.Data.Notifications;
using Deployments.Tests.Support;
using Deployments.Web.Notifications;

namespace Deployments.Tests.Notifications;

/// <summary>The mail server that an administrator names, with a real one at the other end.</summary>
public sealed class MailServerTests
{
    const string Page = "/admin/notifications/mail-server";

    [Fact]
    public async Task An_administrator_names_it_tries_it_and_notifications_go_through_it()
    {
        await using var smtp = new FakeSmtp();
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);
        Assert.Contains("None is set", await admin.ReadAsync(Page), StringComparison.Ordinal);
        Assert.Contains("Mail waits until a", await admin.ReadAsync("/admin/notifications"), StringComparison.Ordinal);

        using (var saved = await SaveAsync(admin, "127.0.0.1", smtp.Port, password: "open sesame"))
            Assert.Equal(HttpStatusCode.Redirect, saved.StatusCode);
        using (var test = await admin.PostAsync(Page, Page + "?handler=Test", ("recipient", "ops@example.com")))
            Assert.Contains("The server took the message", await test.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        using (var added = await admin.PostAsync("/admin/notifications", "/admin/notifications", ("Name", "Team"),
            ("Occasion", "Deployment"), ("Channel", "Mail"), ("Recipients", "team@example.com")))
        using (var tried = await admin.PostAsync(
            "/admin/notifications", added.Headers.Location!.OriginalString + "?handler=Test"))
            Assert.Equal(HttpStatusCode.Redirect, tried.StatusCode);

        Assert.Equal(["ops@example.com", "team@example.com"], smtp.Mails.SelectMany(mail => mail.Recipients));
        Assert.All(smtp.Mails, mail => Assert.Contains(
            "deployments@example.com", mail.Sender, StringComparison.Ordinal));
        Assert.Equal(["robot:open sesame", "robot:open sesame"], smtp.SignedIn);
        Assert.DoesNotContain("Mail waits until a", await admin.ReadAsync("/admin/notifications"),
            StringComparison.Ordinal);
        Assert.DoesNotContain("sesame", await admin.ReadAsync(Page), StringComparison.Ordinal);
        await using var connection = await app.Database.DataSource.OpenConnectionAsync();
        Assert.DoesNotContain("sesame", await connection.ExecuteScalarAsync<string>(
            "select mail_server::text || (select string_agg(a::text, '') from audit_events a) from mail_server"),
            StringComparison.Ordinal);

        using (var forgotten = await admin.PostAsync(Page, Page + "?handler=Delete"))
            Assert.Equal(HttpStatusCode.Redirect, forgotten.StatusCode);
        Assert.Null(await app.Service<MailServers>().InForceOrNullAsync(default));
        var audited = await app.Service<AuditQueries>().PageAsync(new AuditFilter("Admin", null), null, 10, default);
        Assert.Equal(["mailServer.delete", "mailServer.create"],
            audited.Where(entry => entry.SubjectKind == "mailServer").Select(entry => entry.Action));
    }

    [Fact]
    public async Task A_password_is_not_led_to_another_server_nor_sent_in_clear_by_who_could_not_read_it()
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);
        using (var saved = await SaveAsync(admin, "mail.example.com", 25, "starttls", "open sesame"))
            Assert.Equal(HttpStatusCode.Redirect, saved.StatusCode);

        foreach (var (host, port, encryption, code) in new[]
                 {
                     ("evil.example.com", 25, "starttls", HttpStatusCode.BadRequest),
                     ("mail.example.com", 26, "starttls", HttpStatusCode.BadRequest),
                     ("mail.example.com", 25, "none", HttpStatusCode.BadRequest),
                     ("MAIL.example.com", 25, "tls", HttpStatusCode.Redirect),
                 })
        {
            using var answer = await SaveAsync(admin, host, port, encryption);
            Assert.Equal(code, answer.StatusCode);
        }

        var server = await app.Service<MailServers>().InForceOrNullAsync(default);
        Assert.Equal("open sesame", app.Service<MailServers>().PasswordOf(server!));
        using (var moved = await SaveAsync(admin, "new.example.com", 25, "starttls", "another"))
            Assert.Equal(HttpStatusCode.Redirect, moved.StatusCode);
        using (var nobody = await SaveAsync(admin, "third.example.com", 25, userName: ""))
            Assert.Equal(HttpStatusCode.Redirect, nobody.StatusCode);
        Assert.Null((await app.Service<MailServerQueries>().StoredOrNullAsync(default))!.PasswordEncrypted);
    }

    [Fact]
    public async Task The_environment_wins_as_a_whole_and_the_page_says_so()
    {
        await using var smtp = new FakeSmtp();
        await using var database = await TestDatabase.CreateStartedAsync();
        await using (var before = await TestApp.StartAsync(database))
        {
            using var someone = await Browser.SignedInAsync(before);
            using var saved = await SaveAsync(someone, "saved.example.com", 25, password: "open sesame");
            Assert.Equal(HttpStatusCode.Redirect, saved.StatusCode);
        }

        await using var app = await TestApp.StartAsync(database, "Deployments:Smtp:Host=127.0.0.1",
            $"Deployments:Smtp:Port={smtp.Port}", "Deployments:Smtp:Encryption=none",
            "Deployments:Smtp:From=env@example.com");
        using var admin = await Browser.SignedInAsync(app);

        var page = await admin.ReadAsync(Page);
        Assert.Contains("The environment names this server, and wins.", page, StringComparison.Ordinal);
        Assert.Contains("saved.example.com", page, StringComparison.Ordinal);
        Assert.DoesNotContain("name=\"Password\"", page, StringComparison.Ordinal);
        using (var test = await admin.PostAsync(Page, Page + "?handler=Test", ("recipient", "ops@example.com")))
            Assert.Equal(HttpStatusCode.OK, test.StatusCode);
        Assert.Contains("env@example.com", Assert.Single(smtp.Mails).Sender, StringComparison.Ordinal);
        Assert.Empty(smtp.SignedIn);
    }

    /// <summary>What answers there is never shown: a test is no window into a network.</summary>
    [Theory]
    [InlineData("169.254.169.254", "link-local", "")]
    [InlineData("127.0.0.1", "private address", "Deployments:ConnectorsMayReachPrivateNetworks=false")]
    [InlineData("localhost", "private address", "Deployments:ConnectorsMayReachPrivateNetworks=false")]
    public async Task A_named_server_passes_the_guard_of_connectors(string host, string said, string setting)
    {
        await using var smtp = new FakeSmtp();
        await using var app = await TestApp.StartAsync(null, setting.Length > 0 ? [setting] : []);
        using var admin = await Browser.SignedInAsync(app);
        using (var saved = await SaveAsync(admin, host, smtp.Port))
            Assert.Equal(HttpStatusCode.Redirect, saved.StatusCode);

        using var test = await admin.PostAsync(Page, Page + "?handler=Test", ("recipient", "ops@example.com"));

        Assert.Contains(said, await test.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(smtp.Mails);
    }

    [Theory]
    [InlineData("http://mail.example.com", "25", "none", "a@example.com", "The server is a name")]
    [InlineData("mail.example.com", "0", "none", "a@example.com", "The port is a number")]
    [InlineData("mail.example.com", "x", "none", "a@example.com", "")]
    [InlineData("mail.example.com", "25", "ssl", "a@example.com", "The encryption is")]
    [InlineData("mail.example.com", "25", "tls", "Ada <a@example.com>", "The sender is")]
    public async Task What_is_no_server_is_refused_in_words(
        string host, string port, string encryption, string sender, string said)
    {
        await using var app = await TestApp.StartAsync();
        using var admin = await Browser.SignedInAsync(app);

        using var answer = await admin.PostAsync(Page, Page, ("Host", host), ("Port", port),
            ("Encryption", encryption), ("Sender", sender), ("UserName", ""), ("Password", ""));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(said, await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    static Task<HttpResponseMessage> SaveAsync(
        Browser admin, string host, int port, string encryption = "none", string password = "",
        string userName = "robot") =>
        admin.PostAsync(Page, Page, ("Host", host), ("Port", $"{port}"), ("Encryption", encryption),
            ("UserName", userName), ("Password", password), ("Sender", "deployments@example.com"));
}
