namespace Deployments.Web.Feeds;

/// <summary>A package file of a feed's own store.</summary>
/// <param name="Package">The package, as its manifest spells it where it has one.</param>
/// <param name="File">How it is downloaded and removed.</param>
/// <param name="Path">Its place in the tree.</param>
public sealed record LocalPackage(PackageCoordinates Package, PackageFile File, string[] Path);

/// <summary>Lists a feed's own packages, of any type, by walking through its tree.</summary>
public static class LocalPackages
{
    /// <summary>The package files whose group and name are wanted, in no particular order.</summary>
    /// <param name="type">The feed's type.</param>
    /// <param name="tree">The feed's files.</param>
    /// <param name="package">The only package that is wanted; null: whichever.</param>
    /// <param name="isWanted">Looks at group and name; the version of a path may lack what the manifest has.</param>
    /// <param name="ct">Stops the walk.</param>
    public static async Task<IReadOnlyList<LocalPackage>> FindAsync(
        IFeedType type, PackageTree tree, PackageCoordinates? package, Func<PackageKeys, bool> isWanted,
        CancellationToken ct)
    {
        var found = new List<LocalPackage>();
        foreach (var path in FilesBelow(tree, package is null ? [] : type.FolderOf(package)))
        {
            ct.ThrowIfCancellationRequested();
            if (type.StoredPackage(path) is not { } file
                || FeedRequest.TryRead("GET", file.RawPath, file.RawQuery) is not { } request
                || type.TryReadDownload(request) is not { } named)
                continue;
            // What cannot be told from the path may be told by the manifest, so it is looked at.
            if (!IsUnresolved(named) && !isWanted(type.Normalize(named)))
                continue;
            if (await type.AnswerAsync(request, tree, ct) is not LocalAnswer.File answer
                || answer.Path != tree.Find(path))
                continue;
            var exact = answer.Package ?? named;
            if (!IsUnresolved(exact) && isWanted(type.Normalize(exact)))
                found.Add(new LocalPackage(exact, file, path));
        }

        return found;
    }

    static bool IsUnresolved(PackageCoordinates package) =>
        package.Qualifier == PackageCoordinates.UnresolvedQualifier;

    static IEnumerable<string[]> FilesBelow(PackageTree tree, string[] folder) =>
        tree.Files(folder).Select(name => (string[])[.. folder, name])
            .Concat(tree.Directories(folder).SelectMany(name => FilesBelow(tree, [.. folder, name])));
}
