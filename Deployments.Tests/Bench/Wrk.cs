using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Deployments.Bench;

/// <summary>Load from a second process: Debian's wrk.</summary>
static partial class Wrk
{
    /// <summary>Requests per second over 32 connections.</summary>
    /// <exception cref="InvalidOperationException">wrk is missing, or an answer was not 2xx.</exception>
    public static async Task<double> RunAsync(Uri url, int seconds, params string[] headers)
    {
        var arguments = new List<string> { "-t2", "-c32", $"-d{seconds}s", "--timeout", "10s" };
        foreach (var header in headers)
            arguments.AddRange(["-H", header]);
        arguments.Add(url.AbsoluteUri);
        using var process = Process.Start(new ProcessStartInfo("wrk", arguments) { RedirectStandardOutput = true })
            ?? throw new InvalidOperationException("wrk did not start.");
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (output.Contains("Non-2xx", StringComparison.Ordinal) || !RequestsPerSecond().IsMatch(output))
            throw new InvalidOperationException($"{url}: {output}");
        return double.Parse(RequestsPerSecond().Match(output).Groups[1].Value, CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"Requests/sec:\s+([\d.]+)")]
    private static partial Regex RequestsPerSecond();
}
