using Deployments.Data.Feeds;
using Deployments.Web.Feeds;
using Deployments.Web.Pages.Packages;

namespace Deployments.Web.Pages.Connect;

/// <summary>What the snippets are about: a package of a feed of this server.</summary>
/// <param name="Server">This server's address as the reader knows it, without a slash at the end.</param>
/// <param name="Feed">The feed.</param>
/// <param name="Type">Its type.</param>
public sealed record ConnectPlace(string Server, Feed Feed, IFeedType Type)
{
    /// <summary>A package that may exist; its version has a number that is easy to find and replace.</summary>
    public PackageCoordinates Package => new(Type.Key switch
    {
        "maven" => "com.example",
        "npm" => "@example",
        _ => "",
    }, "my-package", "1.0.0");

    /// <summary>Whether the feed asks for credentials.</summary>
    public bool NeedsKey => !Feed.AnonymousAccess;

    /// <summary>The address of the package's file.</summary>
    public string Download => RecordCommand.Address(Server, Feed.Name, Type, Package);

    /// <summary>The name under which the file is kept.</summary>
    public string File => RecordCommand.FileName(Type, Package);

    /// <summary>The address that package managers are given.</summary>
    public string FeedAddress => $"{Server}/{Type.Root}/{Uri.EscapeDataString(Feed.Name)}/";

    /// <summary>Where deployments are reported that no download through a feed tells of.</summary>
    public string Report => $"{Server}/api/package-deployment/";
}
