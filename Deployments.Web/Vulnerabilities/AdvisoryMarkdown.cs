using Markdig;
using Markdig.Renderers.Html;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;

namespace Deployments.Web.Vulnerabilities;

/// <summary>
/// Turns the Markdown of advisories (<see href="https://ossf.github.io/osv-schema/#details-field"/>) into HTML that may
/// stand in a page: no HTML of the author's, no address but http and https, no image that would be fetched. Pure.
/// </summary>
static class AdvisoryMarkdown
{
    /// <summary>Characters that are shown; the rest is cut off. The longest real ones have some 20,000.</summary>
    public const int LengthMax = 50_000;

    const int LowestHeading = 6;

    // The page's own heading above the text.
    const int PageHeading = 2;

    static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .DisableHtml().UsePipeTables().UseAutoLinks().Build();

    /// <summary>The HTML of a text; null when it nests too deeply to be read as Markdown.</summary>
    public static string? RenderOrNull(string text)
    {
        try
        {
            var document = Markdown.Parse(text.Length > LengthMax ? text[..LengthMax] + " …" : text, Pipeline);
            PutHeadingsBelowThePages(document);
            foreach (var link in document.Descendants<LinkInline>().Reverse().ToList())
                Tame(link);
            foreach (var link in document.Descendants<AutolinkInline>().ToList())
                Tame(link);
            return document.ToHtml(Pipeline);
        }
        catch (ArgumentException) // its parser's limit of nesting
        {
            return null;
        }
    }

    // None is higher than the page's, and none leaves out a level.
    static void PutHeadingsBelowThePages(MarkdownDocument document)
    {
        var above = PageHeading;
        foreach (var heading in document.Descendants<HeadingBlock>())
            above = heading.Level = Math.Min(LowestHeading, Math.Min(above + 1, heading.Level + PageHeading));
    }

    static void Tame(LinkInline link)
    {
        if (link.IsImage && link.FirstChild is null)
            link.AppendChild(new LiteralInline("image"));
        link.IsImage = false;
        if (IsInLink(link) || !IsWebAddress(link.Url))
        {
            var text = string.Concat(link.Descendants<LiteralInline>().Select(x => x.Content));
            link.ReplaceBy(new LiteralInline(text), copyChildren: false);
        }
        else
            Mark(link);
    }

    static void Tame(AutolinkInline link)
    {
        if (link.IsEmail || !IsWebAddress(link.Url))
            link.ReplaceBy(new LiteralInline(link.Url));
        else
            Mark(link);
    }

    static bool IsInLink(Inline inline) =>
        inline.Parent is { } parent && (parent is LinkInline || IsInLink(parent));

    static void Mark(Inline link) => link.GetAttributes().AddProperty("rel", "noopener noreferrer nofollow");

    static bool IsWebAddress(string? url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var address) && address.Scheme is "http" or "https";
}
