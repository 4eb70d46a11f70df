using System.Net;
using Deployments.Data.Packages;
using Deployments.Data.Records;
using Deployments.Data.Removals;
using Deployments.Web.Accounts;
using Deployments.Web.Feeds;
using Deployments.Web.Records;

namespace Deployments.Web.Removals;

/// <summary>Makes removals of what was said, by whatever road: identifies the package as its ecosystem does.</summary>
static class RemovalFactory
{
    /// <summary>The removal of validated fields.</summary>
    /// <param name="fields">What was said; the application and the target are there.</param>
    /// <param name="package">The package; an empty version names none.</param>
    /// <param name="type">The type of the feed it came through.</param>
    /// <param name="feedId">That feed.</param>
    /// <param name="caller">Who says it.</param>
    /// <param name="context">The request.</param>
    /// <param name="road">By which road it comes.</param>
    /// <param name="now">The time.</param>
    public static NewRemoval Make(
        DeploymentFields fields, PackageCoordinates package, IFeedType type, int feedId, Caller caller,
        HttpContext context, RecordRoad road, DateTimeOffset now)
    {
        var keys = type.Normalize(package);
        return new NewRemoval
        {
            FeedId = feedId,
            Package = new PackageKey(type.PackageType, keys.Group, keys.Name),
            VersionKey = package.Version.Length > 0 ? keys.Version : null,
            Target = fields.Target!,
            Application = fields.Application!,
            Description = fields.Description ?? "",
            Url = fields.Url,
            UserName = fields.UserName ?? caller.AccountName ?? caller.Name,
            RemovedAt = fields.DeployedAt,
            RecordedAt = now,
            Recorder = caller.Name,
            ClientAddress = AddressOf(context),
            Road = road,
        };
    }

    /// <summary>Where a request came from; null when that is not known.</summary>
    public static IPAddress? AddressOf(HttpContext context) =>
        IPAddress.TryParse(Caller.ClientAddress(context), out var address) ? address : null;

    /// <summary>What nothing that was never there can be told.</summary>
    public static string NeverThere(string package, string target, string feed) =>
        $"nothing of {package} was ever deployed to {target} through {feed}";

    /// <summary>What a version that did not run there is told.</summary>
    public static string OtherVersion(string package, string version, string target) =>
        $"{package} {version} did not run on {target} at that time";
}
