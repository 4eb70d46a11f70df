using Deployments.Data.Feeds;
using Deployments.Data.Packages;
using Deployments.Tests.Records;
using Deployments.Tests.Support;

namespace Deployments.Tests.Packages;

/// <summary>Nothing that anybody needs is called safe to delete.</summary>
public sealed class DeletionQueriesTests : IAsyncLifetime
{
    TestDatabase database = null!;
    Seed seed = null!;
    DeletionQueries deletion = null!;

    public async Task InitializeAsync()
    {
        database = await TestDatabase.CreateAsync();
        seed = await new Seed(database).FeedAsync("main", "nuget");
        await seed.FeedAsync("images", "docker");
        deletion = new DeletionQueries(database.DataSource);
    }

    public Task DisposeAsync() => database.DisposeAsync().AsTask();

    [Fact]
    public async Task The_last_versions_are_kept_however_often_the_last_one_was_deployed_again()
    {
        foreach (var (minute, version) in new[] { "1.0.0", "2.0.0", "3.0.0" }.Index())
            await seed.DeployAsync($"A {version}", "WEB-1", minute);
        for (var night = 0; night < 60; night++)
            await seed.DeployAsync("A 3.0.0", "WEB-1", 10 + night);

        Assert.True((await OfAsync("nuget", "a", "1.0.0")).IsSafe);
        Assert.Equal([""], (await OfAsync("nuget", "a", "2.0.0")).LastOf);
        Assert.Equal([""], (await OfAsync("nuget", "a", "3.0.0")).LastOf);
    }

    [Fact]
    public async Task An_image_that_runs_is_needed_by_each_of_its_names()
    {
        foreach (var (minute, (tag, target, digest)) in new[]
        {
            ("1.0", "WEB-1", "aa"), ("stable", "WEB-2", "aa"), ("2.0", "WEB-2", "bb"),
        }.Index())
        {
            await seed.DeployAsync($"api {tag}", target, minute, "images",
                record => record with { Qualifier = $"digest=sha256%3A{digest}" });
        }

        Assert.Equal(1, (await OfAsync("docker", "api", "1.0")).RunsOn);
        Assert.Equal(1, (await OfAsync("docker", "api", "stable")).RunsOn);
        Assert.Equal(1, (await OfAsync("docker", "api", "sha256:aa")).RunsOn);
        Assert.True((await OfAsync("docker", "api", "sha256:cc")).IsSafe);
    }

    [Fact]
    public async Task A_tag_that_nobody_recorded_may_be_that_of_an_image_that_runs_by_its_digest()
    {
        await seed.DeployAsync("api sha256:aa", "WEB-1", 0, "images");

        var facts = await OfAsync("docker", "api", "1.0");

        Assert.Equal((1, false), (facts.RunsByDigestOn, facts.IsSafe));
        Assert.True((await OfAsync("docker", "other", "1.0")).IsSafe);
    }

    async Task<DeletionFacts> OfAsync(string type, string name, string version) =>
        Assert.Single(await deletion.OfAsync(
            [new DeletionCandidate(new PackageKey(type, "", name), version)], Seed.Start.AddDays(1), 2,
            VisibleFeeds.All, default));
}
