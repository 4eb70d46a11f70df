using System.Net;
using System.Text;
using Deployments.Data.Audit;
using Deployments.Data.Vulnerabilities;
using Deployments.Tests.Support;
using Deployments.Web.Vulnerabilities;
using Microsoft.AspNetCore.Http;

namespace Deployments.Tests.Vulnerabilities;

public sealed class AdvisorySourceTests : IAsyncLifetime
{
    TestApp app = null!;

    AdvisorySourceStore Store => app.Service<AdvisorySourceStore>();

    public async Task InitializeAsync() => app = await TestApp.StartAsync();

    public async Task DisposeAsync() => await app.DisposeAsync();

    [Fact]
    public async Task A_URL_is_imported_once_and_then_asked_whether_it_has_changed()
    {
        await using var upstream = await FakeUpstream.StartAsync(async context =>
        {
            context.Response.Headers.ETag = "\"1\"";
            if (context.Request.Headers.IfNoneMatch == "\"1\"")
                context.Response.StatusCode = StatusCodes.Status304NotModified;
            else
                await context.Response.Body.WriteAsync(Encoding.UTF8.GetBytes(
                    Osv.Advisory("GHSA-1", "Acme.Json", "0", null).ToJsonString()));
        });
        await Store.AddAsync("all", new Uri(upstream.Url, "all.zip").AbsoluteUri, Actor.Program, default);

        // The timetable may have been there first.
        await RunAsync();

        Assert.Equal("Nothing has changed.", await RunAsync());
        Assert.Contains(upstream.Requests, request => request.Headers.IfNoneMatch == "\"1\"");
        Assert.NotNull((await Store.AllAsync(default)).Single().LastRunAt);
        Assert.True(await app.Service<VulnerabilityQueries>().AnyAdvisoryAsync(default));
    }

    [Fact]
    public async Task The_same_file_is_not_imported_again_where_the_server_knows_no_tags()
    {
        await using var upstream = await FakeUpstream.StartAsync(context => context.Response.Body.WriteAsync(
            Encoding.UTF8.GetBytes(Osv.Advisory("GHSA-1", "Acme.Json", "0", null).ToJsonString())).AsTask());
        await Store.AddAsync("all", upstream.Url.AbsoluteUri, Actor.Program, default);

        await RunAsync();

        Assert.Equal("Nothing has changed.", await RunAsync());
    }

    [Fact]
    public async Task Forbidden_addresses_and_failures_are_noted_and_stop_nothing()
    {
        await Store.AddAsync("a", "http://169.254.169.254/latest", Actor.Program, default);
        await Store.AddAsync("b", Path.Combine(app.DataDirectory, "missing"), Actor.Program, default);
        var folder = Directory.CreateDirectory(Path.Combine(app.DataDirectory, "osv"));
        await File.WriteAllTextAsync(
            Path.Combine(folder.FullName, "1.json"), Osv.Advisory("GHSA-1", "Acme.Json", "0", null).ToJsonString());
        await Store.AddAsync("c", folder.FullName, Actor.Program, default);

        await app.Service<AdvisoryFetch>().RunAllAsync(default);

        var outcomes = (await Store.AllAsync(default)).Select(source => source.LastOutcome).ToList();
        Assert.StartsWith("Failed: ", outcomes[0], StringComparison.Ordinal);
        Assert.StartsWith("Failed: ", outcomes[1], StringComparison.Ordinal);
        Assert.StartsWith("1 read: ", outcomes[2], StringComparison.Ordinal);
        Assert.True(await app.Service<VulnerabilityQueries>().AnyAdvisoryAsync(default));
    }

    [Fact]
    public async Task An_administrator_adds_and_removes_sources_and_strangers_do_not()
    {
        using var browser = await Browser.SignedInAsync(app);
        const string page = "/admin/advisories";

        using var added = await browser.PostAsync(
            page, page + "?handler=Source", ("name", "all"), ("location", "https://example.com/all.zip"));
        using var twice = await browser.PostAsync(
            page, page + "?handler=Source", ("name", "ALL"), ("location", "https://example.com/all.zip"));
        using var wrong = await browser.PostAsync(
            page, page + "?handler=Source", ("name", "x"), ("location", "ftp://example.com/all.zip"));
        var id = (await Store.AllAsync(default)).Single().AdvisorySourceId;
        using var removed = await browser.PostAsync(page, page + "?handler=Remove", ("id", $"{id}"));
        using var stranger = new Browser(app.Url);
        using var refused = await stranger.GetAsync(page);

        Assert.Equal(
            [HttpStatusCode.Found, HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.Found],
            new[] { added, twice, wrong, removed }.Select(answer => answer.StatusCode));
        Assert.Empty(await Store.AllAsync(default));
        Assert.NotEqual(HttpStatusCode.OK, refused.StatusCode);
    }

    async Task<string> RunAsync() =>
        await app.Service<AdvisoryFetch>().RunAsync((await Store.AllAsync(default)).Single(), default);
}
