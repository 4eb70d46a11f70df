namespace Deployments.Tests.Support;

/// <summary>The text files of this repository as they lie on the disk: the rules that are tests read them.</summary>
static class Repository
{
    static readonly string[] TextFiles =
    [
        ".cs", ".cshtml", ".razor", ".csproj", ".props", ".targets", ".sln", ".json", ".sql", ".md", ".sh", ".txt",
        ".xml", ".css", ".js", ".html", ".svg", ".yml", ".yaml", ".csv", ".ndjson", ".config", ".service", "",
    ];

    static readonly string[] NotOurs = ["bin", "obj", ".git", ".vs", ".idea", "TestResults", "node_modules"];

    /// <summary>The folder of Deployments.sln.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every text file, build output excepted.</summary>
    public static IReadOnlyList<RepositoryFile> Files { get; } = [.. Read(new DirectoryInfo(Root), "")];

    /// <summary>The files with one of the <paramref name="extensions"/> below a <paramref name="folder"/>.</summary>
    /// <param name="folder">From the root, with slashes; empty for all.</param>
    /// <param name="extensions">With their dots.</param>
    public static IEnumerable<RepositoryFile> FilesIn(string folder, params string[] extensions) => Files
        .Where(file => folder.Length == 0 || file.Path.StartsWith(folder + "/", StringComparison.Ordinal))
        .Where(file => extensions.Contains(Path.GetExtension(file.Path), StringComparer.Ordinal));

    static IEnumerable<RepositoryFile> Read(DirectoryInfo directory, string prefix)
    {
        foreach (var file in directory.EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
        {
            if (TextFiles.Contains(file.Extension, StringComparer.Ordinal))
                yield return new RepositoryFile(prefix + file.Name, File.ReadAllText(file.FullName));
        }

        foreach (var folder in directory.EnumerateDirectories().OrderBy(folder => folder.Name, StringComparer.Ordinal))
        {
            if (NotOurs.Contains(folder.Name, StringComparer.Ordinal))
                continue;
            foreach (var file in Read(folder, prefix + folder.Name + "/"))
                yield return file;
        }
    }

    static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (directory is not null && !File.Exists(Path.Combine(directory.FullName, "Deployments.sln")))
            directory = directory.Parent;
        return directory?.FullName
            ?? throw new InvalidOperationException("These tests read the sources: run them within the repository.");
    }
}

/// <summary>One file of the repository.</summary>
/// <param name="Path">From the root, with slashes.</param>
/// <param name="Text">Its contents.</param>
sealed record RepositoryFile(string Path, string Text)
{
    /// <summary>Its lines, without their ends.</summary>
    public IReadOnlyList<string> Lines { get; } = Text.Split('\n').Select(line => line.TrimEnd('\r')).ToArray();

    /// <summary>The lines that are not comments as a whole, each with its place for a message.</summary>
    public IEnumerable<(string Line, string Place)> CodeLines => Lines
        .Select((line, index) => (Line: line, Place: $"{Path}:{index + 1}"))
        .Where(pair => !pair.Line.AsSpan().TrimStart().StartsWith("//", StringComparison.Ordinal));

    /// <summary>Whether the file lies in that folder (from the root, with slashes) or below it.</summary>
    public bool IsIn(string folder) => Path.StartsWith(folder + "/", StringComparison.Ordinal);
}
