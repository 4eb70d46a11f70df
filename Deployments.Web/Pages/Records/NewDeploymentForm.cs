using Deployments.Web.Records;
using FluentValidation;

namespace Deployments.Web.Pages.Records;

/// <summary>What the page for a record by hand asks for: a deployment and the package it is of.</summary>
public sealed record NewDeploymentForm : DeploymentFields
{
    /// <summary>The feed the package is in; required.</summary>
    public string? Feed { get; init; }

    /// <summary>Group, scope or namespace; null when the package has none.</summary>
    public string? Group { get; init; }

    /// <summary>The package; required.</summary>
    public string? Package { get; init; }

    /// <summary>Its version; required.</summary>
    public string? Version { get; init; }

    /// <summary>The same without blanks at the ends; a missing description is an empty one.</summary>
    public NewDeploymentForm Cleaned() => (NewDeploymentForm)Trimmed() with
    {
        Description = Description?.Trim() ?? "",
        Feed = Feed?.Trim(),
        Group = Group?.Trim(),
        Package = Package?.Trim(),
        Version = Version?.Trim(),
    };
}

/// <summary>What a record by hand must say: what every record must, and which package it is of.</summary>
public sealed class NewDeploymentFormValidator : AbstractValidator<NewDeploymentForm>
{
    /// <param name="fields">The rules that all roads share.</param>
    public NewDeploymentFormValidator(IValidator<DeploymentFields> fields)
    {
        RuleLevelCascadeMode = CascadeMode.Stop;
        Include(fields);
        RuleFor(form => form.Feed).NotEmpty().WithMessage("is missing");
        RuleFor(form => form.Package).NotEmpty().WithMessage("is missing").Coordinate();
        RuleFor(form => form.Version).NotEmpty().WithMessage("is missing").Coordinate();
        RuleFor(form => form.Group).Coordinate();
    }
}
