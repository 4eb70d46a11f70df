using Deployments.Web.Settings;
using FluentValidation;

namespace Deployments.Web.Accounts;

/// <summary>Refuses credentials for the first start with which nobody could sign in.</summary>
sealed class BootstrapRules : AbstractValidator<BootstrapSettings>
{
    public BootstrapRules()
    {
        RuleFor(settings => settings.AdminPassword).Length(Passwords.LengthMin, Passwords.LengthMax)
            .When(settings => settings.AdminPassword is not null)
            .WithMessage(settings => SettingsCheck.Sentence("Bootstrap:AdminPassword", settings.AdminPassword,
                $"it must have {Passwords.LengthMin} to {Passwords.LengthMax} characters"));
        RuleFor(settings => settings.ApiKey).Must(key => key is null || ApiKeys.CanBe(key))
            .WithMessage(settings => SettingsCheck.Sentence("Bootstrap:ApiKey", settings.ApiKey,
                $"it must have {ApiKeys.LengthMin} to {ApiKeys.LengthMax} visible characters of ASCII, and no colon"));
    }
}
