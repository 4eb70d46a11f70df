using System.Text;
using Deployments.Data.Records;
using Deployments.Web.Demo;
using Deployments.Web.Feeds;
using Deployments.Web.Vulnerabilities;

namespace Deployments.Tests.Demo;

public sealed class DemoPlanTests
{
    static readonly DateTimeOffset Now = new(2026, 3, 11, 12, 0, 0, TimeSpan.Zero);
    static readonly FeedTypeCatalog Types = new();

    [Fact]
    public void Is_the_same_each_time()
    {
        Assert.Equal(
            new DemoPlan(Types.All, Now, 3000).Deployments(), new DemoPlan(Types.All, Now, 3000).Deployments());
    }

    [Fact]
    public void Fills_18_months_up_to_now_with_what_was_asked_for()
    {
        var plan = new DemoPlan(Types.All, Now, DemoLoader.Records).Deployments();

        Assert.Equal(DemoLoader.Records, plan.Count);
        Assert.Equal(plan.OrderBy(d => d.At).Select(d => d.At), plan.Select(d => d.At));
        Assert.InRange(plan[0].At, Now.AddDays(-560), Now.AddDays(-500));
        Assert.InRange(plan[^1].At, Now.AddDays(-3), Now);
        Assert.Equal(40, plan.Select(d => d.Target).Distinct().Count());
        Assert.InRange(plan.Select(d => (d.FeedType, d.Package.Group, d.Package.Name)).Distinct().Count(), 55, 80);
        Assert.Equal(Types.All.Select(type => type.Key).Order(), plan.Select(d => d.FeedType).Distinct().Order());
        Assert.Superset(
            new HashSet<RecordRoad> { RecordRoad.Header, RecordRoad.Api, RecordRoad.Batch, RecordRoad.Manual },
            plan.Select(d => d.Road).ToHashSet());
        Assert.InRange(
            plan.Count(d => d.Description.Contains(": back to ", StringComparison.Ordinal)), 100, 5000);
    }

    [Fact]
    public void Advisories_are_about_versions_that_were_deployed()
    {
        var plan = new DemoPlan(Types.All, Now, DemoLoader.Records).Deployments();
        var deployed = plan.Select(d => (Types[d.FeedType].PackageType, d.Package.Name, d.Package.Version)).ToHashSet();

        var advisories = DemoAdvisories.Of(Types, plan, Now)
            .Select(line => new OsvReader(Types).Read(Encoding.UTF8.GetBytes(line))).ToList();

        Assert.Equal(6, advisories.Count);
        Assert.All(advisories, advisory =>
        {
            var package = Assert.Single(advisory.Packages);
            var range = Assert.Single(package.Ranges);
            var name = package.Name.Split('/', ':')[^1];
            Assert.Contains((package.Type, name, range.Introduced!), deployed);
            Assert.True(range.Fixed is null || deployed.Contains((package.Type, name, range.Fixed)));
            Assert.NotEqual(range.Introduced, range.Fixed);
        });
        Assert.Empty(DemoAdvisories.Of(Types, [], Now));
    }

    [Fact]
    public void Most_deployments_bring_a_later_version_and_few_go_back()
    {
        var steps = new DemoPlan(Types.All, Now, DemoLoader.Records).Deployments()
            .GroupBy(d => (d.FeedType, d.Package.Group, d.Package.Name, d.Target))
            .SelectMany(deployments => deployments
                .Select(d => Types[d.FeedType].VersionOrder.SortKey(d.Package.Version)).ToList() is var keys
                    ? keys.Zip(keys.Skip(1), (before, after) => after.AsSpan().SequenceCompareTo(before))
                    : [])
            .ToList();

        Assert.InRange(steps.Count(step => step > 0) / (double)steps.Count, 0.8, 1);
        Assert.InRange(steps.Count(step => step < 0) / (double)steps.Count, 0.001, 0.1);
    }

    [Theory]
    [MemberData(nameof(TypeKeys))]
    public void Versions_of_every_type_are_versions_and_rise(string key)
    {
        var type = Types[key];
        var random = new Random(1);
        var version = new DemoVersion(1, 9, 9, 0);
        var before = type.VersionOrder.SortKey(version.Write(type));
        for (var i = 0; i < 200; i++)
        {
            version = version.Next(random);
            var key2 = type.VersionOrder.SortKey(version.Write(type));
            Assert.NotNull(key2);
            Assert.True(before.AsSpan().SequenceCompareTo(key2) <= 0, version.Write(type));
            before = key2;
        }
    }

    public static TheoryData<string> TypeKeys => [.. Types.All.Select(type => type.Key)];
}
