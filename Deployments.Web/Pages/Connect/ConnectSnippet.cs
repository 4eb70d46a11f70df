namespace Deployments.Web.Pages.Connect;

/// <summary>A piece of a script or of a settings file, ready to be copied.</summary>
/// <param name="Id">Its place on the page, for links.</param>
/// <param name="Title">The tool it is for.</param>
/// <param name="Text">What to copy.</param>
/// <param name="Note">Where it goes and what to know; plain text.</param>
public sealed record ConnectSnippet(string Id, string Title, string Text, string Note);
