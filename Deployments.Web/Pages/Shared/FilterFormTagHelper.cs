using System.Globalization;
using Microsoft.AspNetCore.Razor.TagHelpers;

namespace Deployments.Web.Pages.Shared;

/// <summary>
/// Folds the fields of a filter away behind one button on phones, where they would push the list off the screen. On
/// wider screens they stand open, as they do for browsers that cannot tell the two apart (see <c>.fold</c> in
/// <c>site.css</c>). No script is needed.
/// </summary>
[HtmlTargetElement("form", Attributes = "fold-count")]
public sealed class FilterFormTagHelper : TagHelper
{
    /// <summary>How many conditions are in force; the button says it.</summary>
    public int FoldCount { get; set; }

    /// <inheritdoc/>
    public override void Process(TagHelperContext context, TagHelperOutput output)
    {
        ArgumentNullException.ThrowIfNull(output);
        var count = FoldCount == 0
            ? ""
            : $" <span class=\"count\">{FoldCount.ToString(CultureInfo.InvariantCulture)}"
                + "<span class=\"visually-hidden\"> in force</span></span>";
        output.PreElement.SetHtmlContent($"<details class=\"fold\"><summary class=\"button\">Filters{count}</summary>");
        output.PostElement.SetHtmlContent("</details>");
    }
}
