using System.Buffers;
using System.Text.RegularExpressions;
using Deployments.Tests.Support;
using Deployments.Web.Feeds;

namespace Deployments.Tests.Architecture;

/// <summary>What keeps the code easy to find one's way in. Each failure lists every offender.</summary>
public sealed partial class TidyTests
{
    const int LineColumnsMax = 120;
    const int MethodLinesMax = 60;

    // Put together from parts, so that this file does not offend.
    static readonly string[] Unfinished = ["TO" + "DO", "FIX" + "ME", "HA" + "CK", "XX" + "X", "TB" + "D", "WI" + "P"];

    // Addresses of package registries: a feed's connector is the administrator's choice, and tests use no network.
    static readonly SearchValues<string> Registries = SearchValues.Create(
    [
        "nuget" + ".org", "npmjs" + ".org", "npmjs" + ".com", "yarnpkg" + ".com", "pypi" + ".org",
        "pythonhosted" + ".org", "rubygems" + ".org", "static." + "crates.io", "index." + "crates.io",
        "repo1." + "maven.org", "repo." + "maven.apache.org", "registry-1." + "docker.io", "index." + "docker.io",
        "auth." + "docker.io", "packagist" + ".org", "pub" + ".dev", "anaconda" + ".org", "cran." + "r-project.org",
        "proxy." + "golang.org", "deb." + "debian.org", "archive." + "ubuntu.com", "dl-cdn." + "alpinelinux.org",
        "mcr." + "microsoft.com", "ghcr" + ".io", "quay" + ".io",
    ], StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void Folders_have_telling_names()
    {
        string[] vague = ["Deployments", "Helpers", "Utils", "Utilities", "Common", "Misc"];
        Offenders.AssertNone(Repository.Files
            .Where(file => file.Path.Contains('/', StringComparison.Ordinal))
            .Where(file => file.Path.Split('/')[1..^1].Intersect(vague, StringComparer.OrdinalIgnoreCase).Any())
            .Select(file => file.Path));
    }

    [Fact]
    public void Lines_fit_the_screen() => Offenders.AssertNone(
        from file in Repository.FilesIn("", ".cs")
        from line in file.Lines.Select((text, index) => (text.Length, Number: index + 1))
        where line.Length > LineColumnsMax
        select $"{file.Path}:{line.Number}: {line.Length} columns");

    // The compiler holds the rest of .editorconfig (IDE0055).
    [Fact]
    public void Files_are_left_as_editors_leave_them() => Offenders.AssertNone(
        from file in Repository.FilesIn("", ".cs")
        let usings = Using().Matches(file.Text).Select(match => match.Groups[1].Value).ToArray()
        where !file.Text.EndsWith('\n') || file.Text.EndsWith("\n\n", StringComparison.Ordinal)
            || file.Text.Contains('\r', StringComparison.Ordinal) || file.Lines.Any(line => line.EndsWith(' '))
            || !usings.SequenceEqual(usings
                .OrderByDescending(name => name.Split('.')[0] == "System")
                .ThenBy(name => name, StringComparer.OrdinalIgnoreCase))
        select file.Path);

    [Fact]
    public void Methods_fit_the_screen() => Offenders.AssertNone(
        from file in Repository.FilesIn("", ".cs")
        from method in Methods(file.Lines)
        where method.Length > MethodLinesMax
        select $"{file.Path}:{method.Line}: {method.Length} lines");

    [Fact]
    public void Nothing_is_left_unfinished()
    {
        var marker = new Regex($@"\b({string.Join('|', Unfinished)})\b|\bNot{"Implemented"}Exception\b");
        Offenders.AssertNone(
            from file in Repository.Files
            where !file.IsIn("Deployments.Tests/Fixtures")
            from line in file.Lines.Select((text, index) => (Text: text, Number: index + 1))
            where marker.IsMatch(line.Text)
            select $"{file.Path}:{line.Number}: {line.Text.Trim()}");
    }

    [Fact]
    public void No_registry_is_named() => Offenders.AssertNone(
        from file in Repository.Files
        where file.Text.AsSpan().ContainsAny(Registries)
        from line in file.Lines.Select((text, index) => (Text: text, Number: index + 1))
        where line.Text.AsSpan().ContainsAny(Registries)
        select $"{file.Path}:{line.Number}: {line.Text.Trim()}");

    [Fact]
    public void Every_feed_type_has_tests()
    {
        var tests = typeof(TidyTests).Assembly.GetTypes().Select(type => type.Name).ToHashSet(StringComparer.Ordinal);
        Offenders.AssertNone(new FeedTypeCatalog().All.Select(type => type.GetType().Name + "Tests").Except(tests));
    }

    [Fact]
    public void Every_page_has_a_route_of_its_own()
    {
        var routes =
            from file in Repository.FilesIn("Deployments.Web/Pages", ".cshtml")
            from line in file.Lines
            let directive = PageDirective().Match(line)
            where directive.Success
            select (Route: Route(file.Path, directive.Groups["route"].Value), file.Path);
        Offenders.AssertNone(routes
            .GroupBy(page => page.Route, page => page.Path, StringComparer.OrdinalIgnoreCase)
            .Where(pages => pages.Count() > 1)
            .Select(pages => $"{pages.Key}: {string.Join(", ", pages)}"));
    }

    /// <summary>As Razor Pages has it, with parameters for equal whatever they are called.</summary>
    static string Route(string path, string template)
    {
        if (!template.StartsWith('/'))
        {
            var page = path["Deployments.Web/Pages".Length..^".cshtml".Length];
            var folder = page.EndsWith("/Index", StringComparison.Ordinal) ? page[..^"/Index".Length] : page;
            template = $"{folder}/{template}";
        }

        return "/" + RouteParameter().Replace(template, "{}").Trim('/');
    }

    /// <summary>Members with a body of lines, by the indentation that the formatter keeps.</summary>
    /// <returns>The first line, counted from 1, and the number of lines with signature and braces.</returns>
    static IEnumerable<(int Line, int Length)> Methods(IReadOnlyList<string> lines)
    {
        for (var open = 1; open < lines.Count; open++)
        {
            var brace = lines[open];
            if (brace.TrimStart() is not "{" || brace.Length == 1)
                continue;
            var indent = brace[..^1];
            var first = open - 1;
            while (first > 0 && !(lines[first].StartsWith(indent, StringComparison.Ordinal)
                && lines[first].Length > indent.Length && lines[first][indent.Length] is not ' '))
            {
                first--;
            }

            var close = open + 1;
            while (close < lines.Count && !lines[close].StartsWith(indent + "}", StringComparison.Ordinal))
                close++;
            if (Signature().IsMatch(lines[first]))
                yield return (first + 1, close - first + 1);
        }
    }

    // A name and a parenthesis with no assignment before; neither a type (with a primary constructor) nor a statement.
    [GeneratedRegex(
        """
        ^(?!.*\b(class|record|struct|interface|enum|namespace)\s)
        (?!\s*(if|else|for|foreach|while|do|switch|using|await|lock|try|catch|finally|return|throw|new|case)\b)
        [^=(]*\w(<[^()]*>)?\(
        """, RegexOptions.IgnorePatternWhitespace)]
    private static partial Regex Signature();

    [GeneratedRegex(@"^using ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Using();

    [GeneratedRegex("""^@page(\s+"(?<route>[^"]*)")?\s*$""")]
    private static partial Regex PageDirective();

    [GeneratedRegex("{[^}]*}")]
    private static partial Regex RouteParameter();
}
