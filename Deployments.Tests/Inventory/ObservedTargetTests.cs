using System.Text.Json.Nodes;
using Deployments.Tests.Vulnerabilities;
using static Deployments.Tests.Inventory.InventoryFixture;

namespace Deployments.Tests.Inventory;

/// <summary>What is told of a target whose inventories say more than the records.</summary>
public sealed class ObservedTargetTests(InventoryFixture fixture) : IClassFixture<InventoryFixture>
{
    readonly string target = NewTarget();

    [Fact]
    public async Task A_target_says_how_it_is_known_what_runs_there()
    {
        foreach (var name in new[] { "same", "other", "gone" })
            await fixture.RecordAsync(target, "debian", name, "1");
        await fixture.RecordAsync(NewTarget(), "debian", "stray", "1");
        await fixture.TakeAsync(target, Dpkg("same 1", "other 2", "late 1", "stray 1", "base 1"), "?at=2026-11-01");
        await fixture.RecordAsync(target, "debian", "late", "2", "2026-11-02");

        var json = JsonNode.Parse(await fixture.App.Admin.GetStringAsync($"/api/targets/{target}"))!;

        Assert.Equal(
            ["gone contradicted ", "late recorded ", "other contradicted ", "same confirmed 2026-11-01T00:00:00Z"],
            json["packages"]!.AsArray().Select(row => $"{row!["name"]} {row["known"]!["by"]} {row["known"]!["at"]}"));
        Assert.Equal(["stray"], json["observed"]!.AsArray().Select(row => (string?)row!["name"]));
    }

    [Fact]
    public async Task A_bill_of_materials_is_of_what_was_recorded_seen_or_both()
    {
        await fixture.RecordAsync(target, "debian", "app", "1");
        await fixture.TakeAsync(target, Dpkg("app 2", "base 1"));

        Assert.Equal(["app 1"], await ComponentsAsync(""));
        Assert.Equal(["app 2", "base 1"], await ComponentsAsync("?source=observed"));
        Assert.Equal(["app 1", "app 2", "base 1"], await ComponentsAsync("?source=both"));
    }

    [Fact]
    public async Task An_advisory_finds_what_was_only_seen()
    {
        // Goal: nobody recorded the package anywhere; the advisory comes after the one inventory, before the other.
        var name = $"Seen{target}";
        await fixture.TakeAsync(target, $"{name}|1.0.0\nOther|1.0.0\n");
        await fixture.App.ImportAdvisoryAsync(Osv.Advisory($"OSV-{target}", name, "0", "1.5.0"));
        var later = NewTarget();
        await fixture.TakeAsync(later, $"{name}|1.2.0\n");

        var one = JsonNode.Parse(await fixture.App.Admin.GetStringAsync($"/api/vulnerabilities/OSV-{target}"))!;
        Assert.Equal(
            new[] { $"{target} 1.0.0 1.5.0", $"{later} 1.2.0 1.5.0" }.Order(StringComparer.Ordinal),
            one["seen"]!.AsArray().Select(row => $"{row!["target"]} {row["version"]} {row["fixed"]}")
                .Order(StringComparer.Ordinal));
        Assert.Empty(one["targets"]!.AsArray());
        Assert.Contains($"OSV-{target}", await fixture.App.Admin.GetStringAsync(
            $"/api/vulnerabilities?running=true&target={later}"), StringComparison.Ordinal);

        // Recorded there it is affected like any other; upgraded and seen no more it is gone.
        await fixture.RecordAsync(later, "main", name, "1.2.0");
        await fixture.TakeAsync(target, $"{name}|1.5.0\n");
        one = JsonNode.Parse(await fixture.App.Admin.GetStringAsync($"/api/vulnerabilities/OSV-{target}"))!;
        Assert.Empty(one["seen"]!.AsArray());
        Assert.Equal([later], one["targets"]!.AsArray().Select(row => (string?)row!["target"]));
    }

    async Task<IReadOnlyList<string>> ComponentsAsync(string query) =>
    [
        .. JsonNode.Parse(await fixture.App.Admin.GetStringAsync($"/api/targets/{target}/sbom.json{query}"))!
            ["components"]!.AsArray().Select(row => $"{row!["name"]} {row["version"]}"),
    ];
}
