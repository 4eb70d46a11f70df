using System.Diagnostics;

namespace Deployments.Tests.Clients;

/// <summary>A registry that a client of this machine is set up to use.</summary>
enum Registry
{
    NuGet,
    Npm,
}

/// <summary>
/// Finds the registry that a client uses by the client's own configuration, so that no address stands here and a
/// company's mirror serves as well.
/// </summary>
static class PublicRegistry
{
    static readonly Lazy<(Uri? Url, string? Reason)> NuGet = new(() => Find(
        "dotnet", ["nuget", "list", "source", "--format", "Short"],
        lines => lines.Where(line => line.StartsWith("E ", StringComparison.Ordinal))
            .Select(line => line.Split(' ')[^1])));

    static readonly Lazy<(Uri? Url, string? Reason)> Npm = new(() => Find(
        "npm", ["config", "get", "registry"], lines => lines));

    /// <summary>Null: it is there and answers.</summary>
    public static string? ReasonToSkipOrNull(Registry registry) => Of(registry).Reason;

    /// <summary>Its address. Only for tests that were not skipped.</summary>
    public static Uri UrlOf(Registry registry) => Of(registry).Url!;

    static (Uri? Url, string? Reason) Of(Registry registry) => registry == Registry.NuGet ? NuGet.Value : Npm.Value;

    static (Uri? Url, string? Reason) Find(
        string program, string[] arguments, Func<IEnumerable<string>, IEnumerable<string>> addresses)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                WorkingDirectory = Path.GetTempPath(),
            })!;
            var lines = process.StandardOutput.ReadToEnd().Split('\n').Select(line => line.Trim());
            var url = addresses(lines)
                .Select(text => Uri.TryCreate(text, UriKind.Absolute, out var found) ? found : null)
                .FirstOrDefault(found => found?.Scheme is "http" or "https");
            process.WaitForExit();
            return url is null ? (null, $"{program} is set up with no registry.")
                : Answers(url) ? (url, null)
                : (null, $"The registry that {program} is set up with does not answer.");
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return (null, $"{program} is not installed.");
        }
    }

    static bool Answers(Uri url)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(10) };
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            using var answer = client.Send(request, HttpCompletionOption.ResponseHeadersRead);
            return answer.IsSuccessStatusCode;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return false;
        }
    }
}
