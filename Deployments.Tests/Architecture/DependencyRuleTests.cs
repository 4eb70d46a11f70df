using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Deployments.Tests.Support;

namespace Deployments.Tests.Architecture;

/// <summary>
/// Who may know whom. Read from the sources, comments left out; a name counts where it is imported or qualified.
/// </summary>
public sealed partial class DependencyRuleTests
{
    const string Data = "Deployments.Data";
    const string Web = "Deployments.Web";
    const string Tests = "Deployments.Tests";

    static readonly string[] CodeFiles = [".cs", ".cshtml", ".razor"];

    [Fact]
    public void Projects_refer_in_one_direction()
    {
        Assert.Empty(References($"{Data}/{Data}.csproj", "ProjectReference"));
        Assert.Equal([$"../{Data}/{Data}.csproj"], References($"{Web}/{Web}.csproj", "ProjectReference"));
    }

    [Fact]
    public void Packages_of_the_database_belong_to_Data_alone()
    {
        Assert.All(References($"{Data}/{Data}.csproj", "PackageReference"),
            name => Assert.Matches("^(Dapper|Npgsql|Microsoft[.]Extensions[.].+)$", name));
        Assert.Empty(References($"{Data}/{Data}.csproj", "FrameworkReference"));
        Assert.All(References($"{Web}/{Web}.csproj", "PackageReference"),
            name => Assert.DoesNotMatch("^(Dapper|Npgsql)", name));
    }

    [Fact]
    public void Npgsql_and_Dapper_are_used_in_Data_alone() =>
        AssertNoUse(Sources(Web), Namespaces("Npgsql", "NpgsqlTypes", "Dapper"));

    [Fact]
    public void Data_knows_no_web_and_no_jobs() =>
        AssertNoUse(Sources(Data),
            Namespaces("Microsoft.AspNetCore", "Hangfire", "Yarp", "FluentValidation"));

    // The web project imports ASP.NET's namespaces everywhere, so that its types need no using: hence their names.
    [Fact]
    public void Feed_types_know_neither_HTTP_nor_the_database() =>
        AssertNoUse(Sources($"{Web}/Feeds"),
            Namespaces("Microsoft.AspNetCore.Http", "Microsoft.AspNetCore.Mvc"), FoldersOf(Data), AspNetTypes());

    [Fact]
    public void Feed_types_know_no_other_part_of_the_program() =>
        AssertNoUse(Sources($"{Web}/Feeds"), FoldersOf(Web, except: "Feeds"));

    [Fact]
    public void Gateway_and_pages_do_not_know_each_other() =>
        Offenders.AssertNone([
            .. Uses(Sources($"{Web}/Gateway"), Folder(Web, "Pages")),
            .. Uses(Sources($"{Web}/Pages"), Folder(Web, "Gateway"))]);

    // Two folders that know each other, over however many others, can only be read and changed as one.
    [Theory]
    [InlineData(Data)]
    [InlineData(Web)]
    public void Folders_know_each_other_one_way(string project)
    {
        var uses = UsesBetweenFolders(project).ToList();
        int count;
        do
        {
            count = uses.Count;
            var knowing = uses.Select(use => use.From).ToHashSet(StringComparer.Ordinal);
            var known = uses.Select(use => use.To).ToHashSet(StringComparer.Ordinal);
            uses.RemoveAll(use => !knowing.Contains(use.To) || !known.Contains(use.From)); // leads into no circle
        }
        while (uses.Count < count);

        Offenders.AssertNone(uses
            .DistinctBy(use => (use.From, use.To))
            .OrderBy(use => (use.From, use.To))
            .Select(use => $"{use.From} knows {use.To}: {use.Code}"));
    }

    // What makes the rule above, and every rule over imports, see all there is.
    [Fact]
    public void Namespaces_are_folders_and_each_file_imports_for_itself()
    {
        var code = Repository.FilesIn(Data, ".cs").Concat(Repository.FilesIn(Web, ".cs")).ToList();
        Offenders.AssertNone(code
            .Where(file => file.Path.Count(letter => letter == '/') > 1)
            .Where(file => !file.Lines.Contains($"namespace {Path.GetDirectoryName(file.Path)!.Replace('/', '.')};"))
            .Select(file => file.Path));
        AssertNoUse(code.Concat(Repository.FilesIn("", ".csproj", ".props", ".targets")), ImportForAll());
    }

    [Fact]
    public void Time_comes_from_a_TimeProvider() =>
        AssertNoUse(Sources(Data).Concat(Sources(Web)).Concat(Sources(Tests)), SystemClock());

    // Nothing in the database checks a record's keys (db/decisions/0004), so nothing else may write them.
    [Fact]
    public void Records_have_one_door() =>
        AssertNoUse(
            Sources(Data).Concat(Sources(Web)).Where(file => !file.IsIn($"{Data}/Records")), InsertIntoDeployments());

    [Fact]
    public void Configuration_is_read_at_the_start_only() =>
        AssertNoUse(
            Sources(Data).Concat(Sources(Web))
                .Where(file => !file.IsIn($"{Web}/Startup") && !file.IsIn($"{Web}/Settings")),
            RawConfiguration());

    static IEnumerable<RepositoryFile> Sources(string folder) => Repository.FilesIn(folder, CodeFiles);

    static void AssertNoUse(IEnumerable<RepositoryFile> files, params Regex[] rules) =>
        Offenders.AssertNone(Uses(files, rules));

    static IEnumerable<string> Uses(IEnumerable<RepositoryFile> files, params Regex[] rules) =>
        from file in files
        from code in file.CodeLines
        where rules.Any(rule => rule.IsMatch(code.Line))
        select $"{code.Place}: {code.Line.Trim()}";

    /// <summary>Where code of a folder imports another folder of its project, or names a type of it in full.</summary>
    static IEnumerable<(string From, string To, string Code)> UsesBetweenFolders(string project)
    {
        var parts = Assembly.Load(project).GetTypes()
            .Where(type => type.FullName!.StartsWith(project + ".", StringComparison.Ordinal))
            .Select(type => type.FullName![(project.Length + 1)..].Split('.', '+', '`'))
            .Where(names => names.Length > 1)
            .Select(names => $"{names[0]}.{names[1]}")
            .ToHashSet(StringComparer.Ordinal);
        var root = $@"((global::)?(Deployments\.)?{project["Deployments.".Length..]}\.)";
        var import = new Regex($@"\busing\s+(static\s+)?(\w+\s*=\s*)?{root}(?<to>\w+)");
        var name = new Regex($@"(?<![\w.""]){root}?(?<part>(?<to>[A-Z]\w*)\.\w+)");
        return
            from file in Sources(project)
            where file.Path.Count(letter => letter == '/') > 1
            let folder = file.Path.Split('/')[1]
            from code in file.CodeLines
            from use in import.Matches(code.Line).Concat(
                name.Matches(code.Line).Where(match => parts.Contains(match.Groups["part"].Value)))
            let to = use.Groups["to"].Value
            where to != folder
            select (folder, to, $"{code.Place}: {code.Line.Trim()}");
    }

    static string[] References(string project, string kind) =>
    [
        .. XDocument.Parse(Repository.Files.Single(file => file.Path == project).Text)
            .Descendants(kind)
            .Select(reference => reference.Attribute("Include")!.Value.Replace('\\', '/')),
    ];

    /// <summary>An import of one of the namespaces or of one below, or a name qualified by it.</summary>
    static Regex Namespaces(params string[] names)
    {
        var any = names.Length > 0 ? string.Join('|', names.Select(Regex.Escape)) : "(?!)";
        return new Regex(
            $@"(?<![\w.""])(global::)?({any})\.\w|\busing\s+(static\s+)?(\w+\s*=\s*)?(global::)?({any})\b");
    }

    /// <summary>The namespace of a project's folder, whole or as code of the same project may shorten it.</summary>
    static Regex Folder(string project, string folder)
    {
        var last = project[(project.IndexOf('.', StringComparison.Ordinal) + 1)..];
        return Namespaces($"{project}.{folder}", $"{last}.{folder}", folder);
    }

    /// <summary>The namespaces of all folders of a project.</summary>
    static Regex FoldersOf(string project, string? except = null)
    {
        var last = project[(project.IndexOf('.', StringComparison.Ordinal) + 1)..];
        var folders = Repository.FilesIn(project, CodeFiles)
            .Select(file => file.Path.Split('/'))
            .Where(parts => parts.Length > 2 && parts[1] != except)
            .Select(parts => parts[1])
            .Distinct(StringComparer.Ordinal);
        return Namespaces([.. folders.SelectMany(folder => new[] { $"{project}.{folder}", $"{last}.{folder}" })]);
    }

    [GeneratedRegex(@"\b(HttpContext|HttpRequest|HttpResponse|IResult|Results|IFormFile|PageModel|ControllerBase)\b")]
    private static partial Regex AspNetTypes();

    [GeneratedRegex(@"\bglobal\s+using\b|<Using\s+Include=""Deployments")]
    private static partial Regex ImportForAll();

    [GeneratedRegex(@"\bDateTime(Offset)?\.((Utc)?Now|Today)\b")]
    private static partial Regex SystemClock();

    [GeneratedRegex(@"\b(IConfiguration(Root|Section|Manager)?|(builder|app|host|context)\.Configuration)\b")]
    private static partial Regex RawConfiguration();

    [GeneratedRegex(@"insert\s+into\s+(deployments|installations)\b", RegexOptions.IgnoreCase)]
    private static partial Regex InsertIntoDeployments();
}
