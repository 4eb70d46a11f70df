using Deployments.Data.Accounts;
using Deployments.Data.Audit;
using Deployments.Data.Feeds;
using Deployments.Data.Groups;
using Deployments.Data.Vulnerabilities;
using Deployments.Web.Accounts;
using Deployments.Web.Connectors;
using Deployments.Web.Feeds;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Feeds;

/// <summary>One feed: change and delete.</summary>
public sealed class AdminFeedModel(
    FeedQueries queries, FeedStore store, FeedTypeCatalog types, DistributionGuessStore guesses,
    DistributionGuesser guesser, FeedAccessReader access, Credentials credentials) : PageModel
{
    /// <summary>The feed as it is.</summary>
    public Feed Feed { get; private set; } = null!;

    /// <summary>Every connector, by name.</summary>
    public IReadOnlyList<Connector> Connectors { get; private set; } = [];

    /// <summary>The groups that may something on it.</summary>
    public IReadOnlyList<FeedGroupRow> Groups { get; private set; } = [];

    /// <summary>The keys that were made for it.</summary>
    public IReadOnlyList<ApiKey> Keys { get; private set; } = [];

    /// <summary>What the form shows.</summary>
    public FeedForm Input { get; private set; } = new();

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    /// <summary>A release of each distribution that has such packages; empty for other types.</summary>
    public IReadOnlyList<string> DistributionExamples =>
        types.FindOrNull(Feed.FeedType) is { } type ? Distributions.Examples(type.PackageType) : [];

    /// <summary>What it seems to serve; proposals.</summary>
    public IReadOnlyList<DistributionGuess> Guesses { get; private set; } = [];

    /// <summary>When that was looked into; null: never.</summary>
    public DateTimeOffset? GuessedAt { get; private set; }

    /// <summary>Whether the proposals say what the feed's settings say.</summary>
    public bool IsAsGuessed => Guesses.Select(guess => guess.Entry).Order(StringComparer.Ordinal)
        .SequenceEqual(Feed.Distributions.Order(StringComparer.Ordinal));

    Actor By => PageAccess.CallerOf(HttpContext).ActorFor(HttpContext);

    /// <summary>Shows the feed.</summary>
    public async Task<IActionResult> OnGetAsync(string name, CancellationToken ct)
    {
        if (!await LoadAsync(name, ct))
            return NotFound();
        Input = FeedForm.Of(Feed);
        return Page();
    }

    /// <summary>Changes the feed.</summary>
    public async Task<IActionResult> OnPostAsync([FromRoute] string name, FeedForm input, CancellationToken ct)
    {
        if (!await LoadAsync(name, ct))
            return NotFound();
        Input = input;
        var wanted = input.Over(Feed.Fields);
        (await new FeedValidator(types).ValidateAsync(wanted, ct)).AddToModelState(ModelState, null);
        if (FeedValidator.ConnectorProblemOrNull(wanted, Connectors, types) is { } problem)
            ModelState.AddModelError("", problem);
        if (!ModelState.IsValid)
            return Page();

        var outcome = await store.ChangeAsync(name, input.Over, By, ct);
        if (outcome == FeedOutcome.Saved)
        {
            await credentials.RefreshAsync(ct);
            Notice = "Saved.";
            return RedirectToPage(new { name = wanted.Name });
        }

        ModelState.AddModelError("", outcome == FeedOutcome.NameTaken
            ? "Another feed answers to this name or to one of the alternate names."
            : "One of the connectors does not exist.");
        return Page();
    }

    /// <summary>Looks into what the feed seems to serve; its settings stay.</summary>
    public async Task<IActionResult> OnPostGuessAsync([FromRoute] string name, CancellationToken ct)
    {
        if (!await LoadAsync(name, ct))
            return NotFound();
        Notice = (await guesser.GuessAsync(Feed, ct)).Count > 0
            ? "Looked into."
            : "Looked into: nothing in it tells which distribution it is of.";
        return RedirectToPage(new { name });
    }

    /// <summary>Takes the proposals as the feed's distributions.</summary>
    public async Task<IActionResult> OnPostAdoptAsync([FromRoute] string name, CancellationToken ct)
    {
        if (!await LoadAsync(name, ct))
            return NotFound();
        var proposed = Web.Feeds.Distributions.Read(Guesses.Select(guess => guess.Entry));
        if (proposed.Count == 0)
        {
            Input = FeedForm.Of(Feed);
            ModelState.AddModelError("", "There is no proposal any more.");
            return Page();
        }

        await store.ChangeAsync(name, fields => fields with { Distributions = proposed }, By, ct);
        Notice = "The proposals are the feed's distributions now. They are applied to all records within a minute.";
        return RedirectToPage(new { name });
    }

    /// <summary>Deletes the feed.</summary>
    public async Task<IActionResult> OnPostDeleteAsync([FromRoute] string name, string? confirm, CancellationToken ct)
    {
        if (!await LoadAsync(name, ct))
            return NotFound();
        if (!Feed.Name.Equals(confirm, StringComparison.OrdinalIgnoreCase))
        {
            Input = FeedForm.Of(Feed);
            ModelState.AddModelError("", "The typed name is not the feed's.");
            return Page();
        }

        await store.DeleteAsync(name, By, ct);
        Notice = $"Deleted {Feed.Name}.";
        return RedirectToPage("/Feeds/AdminFeeds");
    }

    async Task<bool> LoadAsync(string name, CancellationToken ct)
    {
        if (await queries.ByNameOrNullAsync(name, VisibleFeeds.All, ct) is not { } feed)
            return false;
        Feed = feed;
        Connectors = await queries.ConnectorsAsync(ct);
        (Groups, Keys) = await access.OfAsync(feed, ct);
        if (DistributionExamples.Count > 0)
            (Guesses, GuessedAt) = await guesses.OfAsync(feed.FeedId, ct);
        return true;
    }
}

/// <summary>What the form of a feed asks.</summary>
public sealed record FeedForm
{
    /// <summary>The name it shall have.</summary>
    public string? NewName { get; init; }

    /// <summary>Separated by spaces or commas.</summary>
    public string? AlternateNames { get; init; }

    /// <summary>For people.</summary>
    public string? Description { get; init; }

    /// <summary>Names in order, separated by commas.</summary>
    public string? Connectors { get; init; }

    /// <summary>Whether it is served.</summary>
    public bool Active { get; init; }

    /// <summary>Whether a client without credentials may download and record.</summary>
    public bool AnonymousAccess { get; init; }

    /// <summary>Whether only groups, keys made for it and administrators may use it.</summary>
    public bool GroupsOnly { get; init; }

    /// <summary>Whether tagged downloads are recorded.</summary>
    public bool DeploymentRecordsEnabled { get; init; }

    /// <summary>The distributions it serves, separated by commas; null: as they are.</summary>
    public string? Distributions { get; init; }

    internal static FeedForm Of(Feed feed) => new()
    {
        NewName = feed.Name,
        AlternateNames = string.Join(' ', feed.AlternateNames),
        Description = feed.Description,
        Connectors = string.Join(", ", feed.Connectors.Select(connector => connector.Name)),
        Active = feed.Active,
        AnonymousAccess = feed.AnonymousAccess,
        GroupsOnly = feed.GroupsOnly,
        DeploymentRecordsEnabled = feed.DeploymentRecordsEnabled,
        Distributions = string.Join(", ", feed.Distributions),
    };

    internal FeedFields Over(FeedFields feed) => feed with
    {
        Name = NewName ?? "",
        AlternateNames = (AlternateNames ?? "").Split([' ', ','], StringSplitOptions.RemoveEmptyEntries),
        Description = (Description ?? "").ReplaceLineEndings("\n"),
        Connectors = (Connectors ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries),
        Active = Active,
        AnonymousAccess = AnonymousAccess,
        GroupsOnly = GroupsOnly,
        DeploymentRecordsEnabled = DeploymentRecordsEnabled,
        Distributions = Web.Feeds.Distributions.Read((Distributions ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)),
    };
}
