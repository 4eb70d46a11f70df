using Bunit;
using Deployments.Data.Database;
using Deployments.Data.Jobs;
using Deployments.Tests.Support;
using Deployments.Web.Jobs;
using Deployments.Web.Pages.Settings;
using Deployments.Web.Records;
using Deployments.Web.Settings;

namespace Deployments.Tests.Settings;

public sealed class SystemPageTests
{
    const string Hostile = "\u202E</td><script>alert(1)</script>'\"&";

    static readonly DateTimeOffset Now = new(2026, 1, 31, 8, 15, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_page_shows_nodes_database_and_settings_and_no_secret()
    {
        await using var app = await TestApp.StartAsync(null, "Deployments:AnonymousView=false");
        await using var other = await TestApp.StartAsync(app.Database);
        using var admin = await Browser.SignedInAsync(app);

        var page = await admin.ReadAsync("/admin/system");

        Assert.Contains("All is well", page, StringComparison.Ordinal);
        foreach (var text in (string[])[
            "answers this page", "0009_create_operations", "PostgreSQL", app.DataDirectory, "journal",
            "Deployments__AnonymousView"])
            Assert.Contains(text, page, StringComparison.OrdinalIgnoreCase);
        Assert.Equal(2, page.Split("badge ok\">Running").Length - 1);
        Assert.DoesNotContain(TestApp.AdminPassword, page, StringComparison.Ordinal);
        Assert.DoesNotContain(TestApp.ApiKey, page, StringComparison.Ordinal);
        var settings = app.Service<SettingsInForce>().All.ToDictionary(setting => setting.Name);
        Assert.Equal(("false", "command line"), Value(settings["Deployments__AnonymousView"]));
        Assert.Equal(("set, not shown", "command line"), Value(settings["Deployments__Bootstrap__ApiKey"]));
        Assert.Equal(("true", "default"), Value(settings["Deployments__ConnectorsMayReachPrivateNetworks"]));
        Assert.Equal("4,294,967,296", settings["Deployments__UploadBytesMax"].Value);
    }

    [Fact]
    public async Task A_node_that_ended_in_good_order_is_not_shown()
    {
        await using var database = await TestDatabase.CreateAsync();
        var app = await TestApp.StartAsync(database);
        var queries = new NodeQueries(database.DataSource);
        var node = Assert.Single(await queries.SeenAsync(DateTimeOffset.MinValue, default));
        Assert.Equal((Environment.MachineName, Environment.ProcessId, 0L),
            (node.Name, node.ProcessId, node.JournalBytes));
        Assert.InRange(node.DiskFreeBytes!.Value, 1, node.DiskBytes!.Value);

        await app.DisposeAsync();

        Assert.Empty(await queries.SeenAsync(DateTimeOffset.MinValue, default));
    }

    [Theory]
    [InlineData("Host=db1,db2;Port=5433;Username=app;Password=geheim",
        "host=db1,db2; port=5433; username=app; password=(not shown)")]
    [InlineData("Host=db;SSL Password=geheim;SSL Mode=Require", "host=db; ssl password=(not shown); ssl mode=Require")]
    [InlineData("Server=db;Passfile=/geheim;Options=geheim", "server=db; passfile=(not shown); options=(not shown)")]
    [InlineData("Host=db;PSW=geheim;pwd='a;b geheim'", "host=db; psw=(not shown); pwd=(not shown)")]
    [InlineData("geheim", "(not shown)")]
    public void A_connection_string_is_shown_without_its_secrets(string text, string shown) =>
        Assert.Equal(shown, SettingsInForce.WithoutSecrets(text));

    [Fact]
    public void Each_thing_to_look_at_is_said()
    {
        var fine = new Node { Name = "a", SeenAt = Now, DiskFreeBytes = 50, DiskBytes = 100 };
        Assert.Empty(SystemModel.ProblemsOf(
            new DatabaseCondition { InboxOldestAt = Now }, [fine], [Job(JobRunState.Ok)], Now));
        var problems = SystemModel.ProblemsOf(
            new DatabaseCondition { IsStandby = true, InboxOldestAt = Now.AddMinutes(-2) },
            [
                fine with { SeenAt = Now.AddMinutes(-3) }, fine with { JournalBytes = 1 },
                fine with { RefusedBytes = 1 }, fine with { DiskFreeBytes = 4 },
                fine with { DiskFreeBytes = null, DiskBytes = null },
            ],
            [Job(JobRunState.Failed)], Now).ToList();

        Assert.Equal(7, problems.Count);
        foreach (var (problem, words) in problems.Zip(
            (string[])[
                "standby", "has waited", "nightly failed when it last ran: No.", "not been heard of", "not taken yet",
                "refused", "Less than 5 %"]))
            Assert.Contains(words, problem, StringComparison.Ordinal);
    }

    static JobRow Job(JobRunState state) => new(
        new ScheduledJob("nightly", TimeSpan.FromDays(1), typeof(string)),
        new JobRun { State = state, Message = "No." }, null);

    [Fact]
    public void Nodes_and_settings_let_no_markup_through()
    {
        using var context = new BunitContext();
        var nodes = context.Render<NodeTable>(set => set
            .Add(table => table.Now, Now)
            .Add(table => table.ThisNode, Guid.Empty)
            .Add(table => table.Nodes,
            [
                new Node { Name = Hostile, SeenAt = Now },
                new Node
                {
                    NodeId = Guid.NewGuid(),
                    Name = "b",
                    SeenAt = Now.AddHours(-1),
                    JournalBytes = 2048,
                    RefusedBytes = 1,
                },
            ]));
        Assert.Empty(nodes.FindAll("script"));
        Assert.Equal(["Running", "Silent", "2.0 KB waiting", "1 byte refused"],
            nodes.FindAll(".badge").Select(badge => badge.TextContent));
        Assert.Contains("unknown", nodes.Markup, StringComparison.Ordinal);

        var settings = context.Render<SettingsTable>(set =>
            set.Add(table => table.Settings, [new SettingInForce("Name", "Meaning", Hostile, "environment")]));
        Assert.Empty(settings.FindAll("script"));
        Assert.Equal(Shown.Of(Hostile), settings.Find("bdi").TextContent);
        Assert.Single(context.Render<SettingsTable>(set => set.Add(table => table.Settings, [])).FindAll("tr"));
        Assert.Single(context.Render<NodeTable>(set => set.Add(table => table.Nodes, [])
            .Add(table => table.ThisNode, Guid.Empty).Add(table => table.Now, Now)).FindAll("tr"));
    }

    static (string Value, string Origin) Value(SettingInForce setting) => (setting.Value, setting.Origin);
}
