using Deployments.Data.Audit;
using Deployments.Data.SavedFilters;
using Deployments.Web.Accounts;
using Deployments.Web.Pages.Shared;
using FluentValidation;
using FluentValidation.AspNetCore;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace Deployments.Web.Pages.Accounts;

/// <summary>The filters that a person saved; every list's page posts here to save one more.</summary>
[Authorize]
public sealed class SavedFiltersModel(SavedFilterStore store) : PageModel
{
    /// <summary>All of them, by list and name.</summary>
    public IReadOnlyList<SavedFilter> Filters { get; private set; } = [];

    /// <summary>What was done just now.</summary>
    [TempData]
    public string? Notice { get; set; }

    Caller Person => PageAccess.CallerOf(HttpContext);

    Actor By => Person.ActorFor(HttpContext);

    /// <summary>Shows them.</summary>
    public async Task OnGetAsync(CancellationToken ct) =>
        Filters = await store.OfAccountAsync(Person.Name, ct);

    /// <summary>Saves one and goes back to its list.</summary>
    public async Task<IActionResult> OnPostAsync(FilterToSave input, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(input);
        input = input with { Query = ListAddress.FilterOf(input.Query), Name = (input.Name ?? "").Trim() };
        var result = await new FilterToSaveValidator(Person.CanManage()).ValidateAsync(input, ct);
        result.AddToModelState(ModelState, null);
        if (!ModelState.IsValid)
            return await RefuseAsync(ct);
        var filter = new SavedFilter
        {
            Path = input.Path!,
            Query = input.Query!,
            Name = input.Name!,
            IsShared = input.IsShared,
            Owner = Person.Name,
        };
        if (await store.SaveAsync(filter, By, ct))
            return LocalRedirect(filter.Url);
        ModelState.AddModelError("", $"You have {SavedFilterStore.FiltersMax} filters; remove one first.");
        return await RefuseAsync(ct);
    }

    /// <summary>Forgets one.</summary>
    public async Task<IActionResult> OnPostRemoveAsync(int id, CancellationToken ct)
    {
        if (!ModelState.IsValid)
            return BadRequest();
        await store.RemoveAsync(Person.Name, id, By, ct);
        Notice = "The filter is removed.";
        return RedirectToPage();
    }

    async Task<IActionResult> RefuseAsync(CancellationToken ct)
    {
        await OnGetAsync(ct);
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }
}

/// <summary>What the form below a list sends.</summary>
/// <param name="Path">The list's address.</param>
/// <param name="Query">Its query string.</param>
/// <param name="Name">What to call it.</param>
/// <param name="IsShared">Whether everybody sees it.</param>
public sealed record FilterToSave(string? Path, string? Query, string? Name, bool IsShared);

/// <summary>The rules of a saved filter.</summary>
public sealed class FilterToSaveValidator : AbstractValidator<FilterToSave>
{
    /// <summary>The rules.</summary>
    /// <param name="mayShare">Whether the person may show it to everybody.</param>
    public FilterToSaveValidator(bool mayShare)
    {
        RuleFor(filter => filter.Path).Must(path => path is not null && ListAddress.NameOrNull(path) is not null)
            .WithMessage("There is no list at this address.");
        RuleFor(filter => filter.Query).NotEmpty().WithMessage("No filter is in force.")
            .MaximumLength(ListAddress.QueryLengthMax)
            .WithMessage($"The filter is longer than {ListAddress.QueryLengthMax} characters.");
        RuleFor(filter => filter.Name).Must(name => name is { Length: >= 1 and <= 60 } && !name.Any(char.IsControl))
            .WithMessage("A name has 1 to 60 characters.");
        RuleFor(filter => filter.IsShared).Equal(false).When(_ => !mayShare)
            .WithMessage("Only administrators show a filter to everybody.");
    }
}
