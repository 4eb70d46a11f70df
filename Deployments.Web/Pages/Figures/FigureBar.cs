namespace Deployments.Web.Pages.Figures;

/// <summary>A bar of a picture.</summary>
/// <param name="Name">What stands below it.</param>
/// <param name="Value">How high it is, against the others; null: there is nothing to show.</param>
/// <param name="Text">What stands above it.</param>
public sealed record FigureBar(string Name, double? Value, string Text);
