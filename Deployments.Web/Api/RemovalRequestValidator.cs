using Deployments.Web.Records;
using FluentValidation;

namespace Deployments.Web.Api;

/// <summary>What a removal must say: what a deployment must, but for the version, which is a condition.</summary>
public sealed class RemovalRequestValidator : AbstractValidator<PackageDeploymentRequest>
{
    /// <param name="fields">The rules that all roads share.</param>
    public RemovalRequestValidator(IValidator<DeploymentFields> fields)
    {
        RuleLevelCascadeMode = CascadeMode.Stop;
        Include(fields);
        RuleFor(request => request.FeedName).NotEmpty().WithMessage("is missing").Coordinate();
        RuleFor(request => request.PackageName).NotEmpty().WithMessage("is missing").Coordinate();
        RuleFor(request => request.Version).Coordinate();
        RuleFor(request => request.GroupName).Coordinate();
    }

    /// <summary>The problems, one line each, naming the property; null when there is none.</summary>
    public string? ProblemsOrNull(PackageDeploymentRequest request)
    {
        var result = Validate(request);
        return result.IsValid
            ? null
            : string.Join('\n', result.Errors.Select(error => $"{error.PropertyName}: {error.ErrorMessage}"));
    }
}
