using Deployments.Bench;
using Deployments.Tests.Octopus;

// Prints one table. Each row is a ratio measured in this run, the median of at least three rounds: machines are
// noisy, ratios less so.
var only = args.FirstOrDefault(arg => !arg.StartsWith('-'));
var seconds = Number("--seconds=", 4);
var records = Number("--records=", 10_000_000);

if (only == "octopus")
{
    await OctopusByHand.RunAsync(Number("--deployments=", 100));
    return;
}

var table = new BenchTable();
if (only is null or "start")
    await StartBench.RunAsync(table);
if (only is null or "capture" or "connector" or "crowd" or "drain")
{
    await using var server = await BenchServer.StartAsync();
    if (only is null or "capture")
        await CaptureBench.RunAsync(server, table, seconds);
    if (only is null or "connector")
        await ConnectorBench.RunAsync(server, table, seconds);
    if (only is null or "crowd")
        await CrowdBench.RunAsync(server, table);
    if (only is null or "drain")
        await DrainBench.RunAsync(server, table);
}

// These look into the program: how long its database took, what its parts do.
if (only is null or "inventory" or "jobs" or "pages" or "vulnerabilities")
{
    await using var server = await BenchServer.StartHereAsync();
    if (only is null or "inventory")
        await InventoryBench.RunAsync(server, table);
    if (only is null or "jobs")
        await JobPerRecordBench.RunAsync(server, table);
    if (only is null or "pages")
        await PagesBench.RunAsync(server, table, records);
    if (only is null or "vulnerabilities")
        await VulnerabilitiesBench.RunAsync(server, table, records);
}

if (args.Contains("--json"))
    table.PrintJson();
else
    table.Print();

int Number(string name, int otherwise) =>
    args.FirstOrDefault(arg => arg.StartsWith(name, StringComparison.Ordinal)) is { } arg
        ? int.Parse(arg[name.Length..], System.Globalization.CultureInfo.InvariantCulture)
        : otherwise;
