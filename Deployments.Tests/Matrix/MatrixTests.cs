using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Matrix;
using Deployments.Data.TargetGroups;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Matrix;

public sealed class MatrixTests : IAsyncLifetime
{
    TestDatabase database = null!;
    Seed seed = null!;
    MatrixQueries matrix = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        matrix = new MatrixQueries(database.DataSource, TimeProvider.System);
        await new TargetGroupStore(database.DataSource).ReplaceAsync(
            new TargetGroupDefinition(["test", "production"], [new("T-*", "test"), new("P-*", "production")]), null,
            Actor.Program, default);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task A_cell_has_each_version_with_its_targets_and_how_far_it_is_behind()
    {
        foreach (var (minutes, version) in new[] { "1.0", "1.1", "1.2", "2.0" }.Index())
            await seed.DeployAsync($"A {version}", "T-1", minutes);
        await seed.DeployAsync("A 1.0", "P-1", 5);
        await seed.DeployAsync("A 1.0", "P-2", 7);
        await seed.DeployAsync("A 1.2", "P-3", 6);
        await seed.DeployAsync("B 1.0", "other", 8);

        var page = await PageAsync(new MatrixFilter());

        Assert.Equal(["test", "production", ""], page.Columns.Select(column => column.Name));
        Assert.Equal(["A", "B"], page.Packages.Select(row => row.Name));
        Assert.All(page.Packages, row => Assert.Equal("main", row.Feed));
        Assert.Equal(
            [("A", "test", "2.0", 1, 0), ("A", "production", "1.0", 2, 3), ("A", "production", "1.2", 1, 1),
                ("B", "", "1.0", 1, 0)],
            Cells(page));
        var old = page.Versions.Single(version => version is { Version: "1.0", Targets: 2 });
        Assert.Equal((Seed.Start.AddMinutes(5), Seed.Start.AddMinutes(7)), (old.Since, old.Last));
    }

    [Fact]
    public async Task Without_groups_the_targets_are_the_columns()
    {
        await new TargetGroupStore(database.DataSource).ReplaceAsync(
            TargetGroupDefinition.Empty, null, Actor.Program, default);
        await seed.DeployAsync("A 1.0", "T-1", 0);

        var page = await PageAsync(new MatrixFilter());

        Assert.True(page.IsByTarget);
        Assert.Equal(["T-1"], page.Columns.Select(column => column.Name));
    }

    [Fact]
    public async Task At_a_time_it_has_what_ran_then_and_nothing_that_was_removed()
    {
        await seed.DeployAsync("A 1.0", "P-1", 0);
        await seed.DeployAsync("A 2.0", "P-1", 10);
        await seed.DeployAsync("A 1.0", "P-2", 0);
        await seed.RemoveAsync("A", "P-2", 5);
        await seed.DeployAsync("A 1.0", "P-3", 20);

        Assert.Equal([("A", "production", "1.0", 2, 0)], Cells(await AtAsync(4)));
        Assert.Equal([("A", "production", "1.0", 1, 0)], Cells(await AtAsync(6)));
        Assert.Equal([("A", "production", "2.0", 1, 0)], Cells(await AtAsync(15)));
        Assert.Equal([("A", "production", "1.0", 1, 1), ("A", "production", "2.0", 1, 0)],
            Cells(await PageAsync(new MatrixFilter())).Order());

        Task<MatrixPage> AtAsync(double minutes) =>
            PageAsync(new MatrixFilter { At = Seed.Start.AddMinutes(minutes) });
    }

    [Fact]
    public async Task Targets_of_a_group_are_columns_and_other_packages_no_rows()
    {
        await seed.DeployAsync("A 1.0", "P-2", 0);
        await seed.DeployAsync("A 2.0", "P-1", 0);
        await seed.DeployAsync("A 3.0", "T-1", 0);
        await seed.DeployAsync("B 1.0", "T-1", 0);

        var page = await PageAsync(new MatrixFilter { TargetGroup = "Production" });

        Assert.Equal(["P-1", "P-2"], page.Columns.Select(column => column.Name));
        Assert.Equal([("A", "P-1", "2.0", 1, 0), ("A", "P-2", "1.0", 1, 1)], Cells(page).Order());
        Assert.Equal(["P-1", "P-2", "T-1"],
            (await PageAsync(new MatrixFilter { IsByTarget = true })).Columns.Select(column => column.Name));
    }

    [Fact]
    public async Task Packages_are_paged_by_name_and_found_by_a_part_of_it()
    {
        foreach (var package in (string[])["C", "a", "B", "Ab"])
            await seed.DeployAsync($"{package} 1.0", "P-1", 0);

        var first = await PageAsync(new MatrixFilter { Limit = 3 });
        var second = await PageAsync(new MatrixFilter { Limit = 3, After = first.Next });

        Assert.Equal(["a", "Ab", "B"], first.Packages.Select(row => row.Name));
        Assert.Equal(["C"], second.Packages.Select(row => row.Name));
        Assert.Null(second.Next);
        Assert.Equal(["Ab", "B"], (await PageAsync(new MatrixFilter { Package = "B" })).Packages
            .Select(row => row.Name));
    }

    [Fact]
    public async Task The_API_and_the_CSV_say_what_the_picture_shows()
    {
        await using var app = await TestApp.StartAsync();
        await app.CreateFeedAsync("main", "nuget");
        using (var saved = await app.Admin.PutAsJsonAsync("/api/management/target-groups/update", new
        {
            groups = new[] { "test", "production" },
            rules = new[] { new { pattern = "t-*", group = "test" }, new { pattern = "*", group = "production" } },
        }))
            Assert.True(saved.IsSuccessStatusCode, await saved.Content.ReadAsStringAsync());
        foreach (var (target, version) in new[] { ("T-1", "1.1"), ("P-1", "1.0"), ("P-2", "1.0") })
        {
            using var recorded = await app.Admin.PostAsJsonAsync("/api/package-deployment", new
            {
                FeedName = "main",
                PackageName = "App",
                Version = version,
                Target = target,
                Application = "deploy",
                Description = "",
            });
            Assert.True(recorded.IsSuccessStatusCode);
        }

        var json = await app.Admin.GetFromJsonAsync<JsonElement>("/api/matrix");
        var csv = await app.Admin.GetStringAsync("/api/matrix.csv?targetGroup=");
        using var wrong = await app.Admin.GetAsync("/api/matrix?at=soon&limit=0");

        Assert.Equal(["group test", "group production"], json.GetProperty("columns").EnumerateArray()
            .Select(column => $"{column.GetProperty("kind")} {column.GetProperty("name")}"));
        var old = json.GetProperty("items")[0].GetProperty("cells")[1].GetProperty("versions")[0];
        Assert.Equal(("1.0", 2, 1), (old.GetProperty("version").GetString(), old.GetProperty("targets").GetInt32(),
            old.GetProperty("behind").GetInt32()));
        var lines = csv.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(3, lines.Length);
        Assert.StartsWith("nuget,,App,test,1.1,,1,", lines[1], StringComparison.Ordinal);
        Assert.EndsWith(",1,0,0", lines[2], StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("limit is not a number from 1 to 500.", await wrong.Content.ReadAsStringAsync(),
            StringComparison.Ordinal);
    }

    Task<MatrixPage> PageAsync(MatrixFilter filter) => matrix.PageAsync(filter, VisibleFeeds.All, default);

    static IEnumerable<(string, string, string, int, int?)> Cells(MatrixPage page) =>
        page.Versions.Select(version => (
            page.Packages.Single(row => row.PackageId == version.PackageId).Name,
            page.Columns.Single(column => column.Id == version.ColumnId).Name, version.Version, version.Targets,
            version.Behind));
}
