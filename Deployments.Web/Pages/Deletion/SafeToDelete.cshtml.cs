using Deployments.Data.Feeds;
using Deployments.Web.Accounts;
using Deployments.Web.Deletion;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Deletion;

/// <summary>Whether versions can be deleted without anybody missing them: of a package, or of a list.</summary>
public sealed class SafeToDeleteModel(DeletionReader deletion, FeedQueries feeds) : PageModel
{
    internal const int ListLengthMax = 100_000;

    static readonly string[] Fields = ["feed", "group", "name", "version", "days", "keep"];

    /// <summary>The names of the feeds that the reader sees.</summary>
    internal IReadOnlyList<string> Feeds { get; private set; } = [];

    /// <summary>What was typed, by the names of the fields.</summary>
    internal IReadOnlyDictionary<string, string> Typed { get; private set; } = new Dictionary<string, string>();

    /// <summary>What is wrong with it; empty when nothing is.</summary>
    internal IReadOnlyList<string> Problems { get; private set; } = [];

    /// <summary>What is to be said of each version; null: nothing was asked.</summary>
    internal IReadOnlyList<DeletionAnswer>? Answers { get; private set; }

    /// <summary>Whether the package may have more versions than were judged.</summary>
    internal bool IsCut { get; private set; }

    /// <summary>For how many days a version counts as used.</summary>
    internal int Days { get; private set; } = DeletionReader.DaysDefault;

    /// <summary>How many versions each group keeps.</summary>
    internal int Keep { get; private set; } = DeletionReader.KeepDefault;

    /// <summary>Whether a list was sent.</summary>
    internal bool IsList => HttpMethods.IsPost(Request.Method);

    VisibleFeeds Visible => CallerFeeds.Of(HttpContext);

    /// <summary>The same question to the API.</summary>
    internal string ApiUrl => "/api/packages/safe-to-delete" + Request.QueryString;

    /// <summary>Judges the versions of a package, when one is named.</summary>
    public Task OnGetAsync(CancellationToken ct)
    {
        Typed = Fields.ToDictionary(name => name, name => Request.Query[name].ToString());
        return AnswerAsync(
            async () =>
            {
                if (Typed["name"].Trim().Length == 0 && Typed["feed"].Length == 0)
                    return null;
                var asked = await deletion.VersionsAsync(name => Typed.GetValueOrDefault(name, ""), Visible, ct);
                IsCut = asked.Count == DeletionReader.VersionsMax;
                return asked;
            },
            ct);
    }

    /// <summary>Judges the versions of a list; changes nothing.</summary>
    public Task OnPostAsync(
        [FromForm] string? feed, [FromForm] string? list, [FromForm] string? days, [FromForm] string? keep,
        CancellationToken ct)
    {
        Typed = new Dictionary<string, string>
        {
            ["feed"] = feed ?? "",
            ["list"] = list ?? "",
            ["days"] = days ?? "",
            ["keep"] = keep ?? "",
        };
        return AnswerAsync(() => ListAsync(ct), ct);
    }

    async Task AnswerAsync(Func<Task<IReadOnlyList<DeletionQuestion>?>> asked, CancellationToken ct)
    {
        Feeds = [.. (await feeds.AllAsync(Visible, ct)).Select(feed => feed.Name)];
        try
        {
            Days = DeletionReader.Number(
                Typed["days"], "days", DeletionReader.DaysMax, DeletionReader.DaysDefault);
            Keep = DeletionReader.Number(
                Typed["keep"], "keep", DeletionReader.KeepMax, DeletionReader.KeepDefault);
            if (await asked() is { } versions)
                Answers = await deletion.JudgeAsync(versions, Days, Keep, Visible, ct);
        }
        catch (DeletionException exception)
        {
            Problems = [Sentence(exception)];
        }

        if (Problems.Count > 0)
            Response.StatusCode = StatusCodes.Status400BadRequest;
    }

    // Each line is a package URL, or a name and a version, with a group before them where the package has one.
    async Task<IReadOnlyList<DeletionQuestion>?> ListAsync(CancellationToken ct)
    {
        var text = Typed["list"];
        var lines = text.Length > ListLengthMax
            ? []
            : text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (lines.Length is 0 or > DeletionReader.VersionsMax)
            throw new DeletionException("list", $"must have from 1 to {DeletionReader.VersionsMax} lines");
        var (asked, problems) = (new List<DeletionQuestion>(), new List<string>());
        foreach (var (i, line) in lines.Index())
        {
            try
            {
                var one = await deletion.OneAsync(Read(line, Typed["feed"]), Visible, ct);
                asked.Add(one.Package.Version.Length > 0
                    ? one : throw new DeletionException("version", "is required"));
            }
            catch (DeletionException exception)
            {
                problems.Add($"Line {i + 1}: {Sentence(exception)}");
            }
        }

        Problems = problems;
        return problems.Count == 0 ? asked : null;
    }

    static Func<string, string> Read(string line, string feed)
    {
        if (line.StartsWith("pkg:", StringComparison.OrdinalIgnoreCase))
            return name => name == "purl" ? line : "";
        var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is not (2 or 3))
            throw new DeletionException("list", "has to be a package URL, or a name and a version");
        return name => name switch
        {
            "feed" => feed,
            "group" => words.Length == 3 ? words[0] : "",
            "name" => words[^2],
            "version" => words[^1],
            _ => "",
        };
    }

    static string Sentence(DeletionException exception) =>
        exception.Field is { } field ? $"{field} {exception.Message}." : exception.Message;
}
