using Deployments.Data.Packages;

namespace Deployments.Web.Pages.Shared;

/// <summary>One line of a picture of time: what was there from when to when.</summary>
/// <param name="Name">What the line is of.</param>
/// <param name="Url">The page of that.</param>
/// <param name="Type">Its package type, for the tile; null for none.</param>
/// <param name="Spans">The stretches, oldest first; they do not overlap.</param>
/// <param name="Now">What stands at the end of the line.</param>
public sealed record SpanRow(string Name, string Url, string? Type, IReadOnlyList<Span> Spans, string Now);

/// <summary>A stretch of time.</summary>
/// <param name="Text">What was there, such as a version.</param>
/// <param name="From">Since when; may lie before the picture begins.</param>
/// <param name="To">Until when; may lie after the picture ends.</param>
/// <param name="Change">What began it.</param>
/// <param name="Url">The record that began it; null when there is none.</param>
/// <param name="KnownFrom">When it became known to be vulnerable; null when it is not.</param>
public sealed record Span(
    string Text, DateTimeOffset From, DateTimeOffset To, VersionChange Change, string? Url,
    DateTimeOffset? KnownFrom = null);
