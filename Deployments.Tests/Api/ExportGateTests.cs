using System.Net;
using Deployments.Data.Database;
using Deployments.Tests.Support;
using Deployments.Web.Api;
using Npgsql;

namespace Deployments.Tests.Api;

/// <summary>A few exports run at once, on connections of their own; one more is told to come again.</summary>
public sealed class ExportGateTests
{
    static readonly string[] Exports =
    [
        "/admin/export.csv", "/admin/audit.csv", "/api/package-deployments.csv",
    ];

    [Fact]
    public async Task When_all_places_are_taken_exports_are_told_to_come_again_and_nothing_else_is()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "universal");
        var gate = app.Service<ExportGate>();
        var places = Enumerable.Range(0, ExportDatabase.ConnectionsMax).Select(_ => gate.EnterOrNull()!).ToList();
        // Slow readers hold what they read from.
        var held = new List<NpgsqlConnection>();
        foreach (var _ in places)
            held.Add(await app.Service<ExportDatabase>().DataSource.OpenConnectionAsync());

        foreach (var url in Exports)
        {
            using var busy = await app.Admin.GetAsync(new Uri(url, UriKind.Relative));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
            Assert.NotNull(busy.Headers.RetryAfter);
            Assert.StartsWith("4 exports are under way", await busy.Content.ReadAsStringAsync(),
                StringComparison.Ordinal);
        }

        using (var asked = new HttpRequestMessage(HttpMethod.Get, "/api/package-deployments"))
        {
            asked.Headers.Add("Accept", "text/csv");
            using var busy = await app.Admin.SendAsync(asked);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, busy.StatusCode);
        }

        using var page = await app.Admin.GetAsync(new Uri("/api/package-deployments", UriKind.Relative));
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);

        foreach (var connection in held)
            await connection.DisposeAsync();
        foreach (var place in places)
            place.Dispose();
        // And whoever ends gives the place back, twice over.
        for (var i = 0; i < 2 * ExportDatabase.ConnectionsMax; i++)
        {
            foreach (var url in Exports)
                (await app.Admin.GetAsync(new Uri(url, UriKind.Relative))).EnsureSuccessStatusCode().Dispose();
        }
    }

    [Fact]
    public async Task Exports_cannot_take_more_connections_than_they_have()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var exports = ExportDatabase.Create(database.ConnectionString);

        Assert.Equal(ExportDatabase.ConnectionsMax,
            new NpgsqlConnectionStringBuilder(exports.DataSource.ConnectionString).MaxPoolSize);
    }
}
