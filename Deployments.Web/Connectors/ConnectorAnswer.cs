namespace Deployments.Web.Connectors;

/// <summary>What came of asking an upstream.</summary>
/// <param name="Ok">Whether downloads can be expected to work.</param>
/// <param name="Status">The HTTP status; null when there was no answer.</param>
/// <param name="Asked">The address, without its query.</param>
/// <param name="TookMs">Milliseconds until the answer, or until there was none.</param>
/// <param name="Text">What it means, in plain words.</param>
public sealed record ConnectorAnswer(bool Ok, int? Status, string Asked, long TookMs, string Text);
