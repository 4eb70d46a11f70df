using System.Globalization;
using Deployments.Web.Records;

namespace Deployments.Web.Demo;

/// <summary>Tagged downloads of the invented company whose headers were not right, each in its own way.</summary>
static class DemoRejections
{
    /// <summary>Twelve, of the last days; fewer when there are fewer deployments.</summary>
    /// <param name="plan">The deployments among which they happened.</param>
    /// <param name="now">The end of the history.</param>
    public static IReadOnlyList<(DemoDeployment Deployment, HeaderDictionary Headers)> Of(
        IReadOnlyList<DemoDeployment> plan, DateTimeOffset now)
    {
        Action<HeaderDictionary>[] mistakes =
        [
            headers => headers.Remove(Name("Target")),
            headers => headers.Remove(Name("Application")),
            headers => headers.Remove(Name("Description")),
            headers => headers[Name("Target")] = "",
            headers => headers[Name("Date")] = "yesterday",
            headers => headers[Name("Date")] = "31.01.2026 08:15",
            headers => headers[Name("Date")] = now.AddDays(1).ToString("o", CultureInfo.InvariantCulture),
            headers => headers[Name("Url")] = @"\\fileserver\releases\notes.txt",
            headers => headers[Name("Url")] = "ftp://files.meridian.example/notes.txt",
            headers => headers[Name("Application")] = new string('a', 201),
            headers => headers[Name("Description")] = "first line\tsecond column",
            headers => headers[Name("Date")] = "0001-01-01", // a default value
        ];
        var step = Math.Max(1, plan.Count / 400);
        return [.. plan.Reverse().Where((_, index) => index % step == 0).Zip(mistakes).Select(pair =>
        {
            var headers = Headers(pair.First);
            pair.Second(headers);
            return (pair.First, headers);
        })];
    }

    static HeaderDictionary Headers(DemoDeployment deployment) => new()
    {
        [Name("Application")] = deployment.Tool.Application,
        [Name("Description")] = $"Release {deployment.Package.Version}",
        [Name("Target")] = deployment.Target,
        [Name("UserName")] = deployment.User,
    };

    static string Name(string field) => DeploymentHeaders.Prefix + field;
}
