using Deployments.Bench;

// Prints one table. Each row is a ratio measured in this run, the median of at least three rounds: machines are
// noisy, ratios less so.
var only = args.FirstOrDefault(arg => !arg.StartsWith('-'));
var seconds = int.Parse(args.FirstOrDefault(arg =>
    arg.StartsWith("--seconds=", StringComparison.Ordinal))?[10..] ?? "4",
    System.Globalization.CultureInfo.InvariantCulture);

await using var server = await BenchServer.StartAsync();
var table = new BenchTable();
if (only is null or "capture")
    await CaptureBench.RunAsync(server, table, seconds);
if (only is null or "connector")
    await ConnectorBench.RunAsync(server, table, seconds);
if (only is null or "drain")
    await DrainBench.RunAsync(server, table);
table.Print();
